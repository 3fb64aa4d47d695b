import { describe, expect, it } from "vitest";
import { parseTolerance } from "../src/engine/golden";
import { statedTolerance } from "../src/ui/evidence";

describe("parseTolerance", () => {
  it("takes one scale, or one for each column", () => {
    expect(parseTolerance({ relative: 1e-9, scale: 2 }, null, [1])).toEqual({ relative: 1e-9, scale: 2 });
    expect(parseTolerance({ relative: 1e-9, scale: [2, 3] }, 2, [[1, 1]])).toEqual({
      relative: 1e-9,
      scale: [2, 3],
    });
  });
  it.each([
    [{ relative: 1e-9 }, 1],
    [{ scale: 1 }, 1],
    [{ relative: 1e-9, scale: [1] }, 2],
    [{ relative: 1e-9, scale: [1, "x"] }, 2],
    [{ relative: 1e-9, scale: [1] }, null],
    [3, 1],
    [{ relative: 1e308, scale: 1 }, null],
    [{ relative: "Infinity", scale: 1 }, null],
    [{ relative: "NaN", scale: 1 }, null],
    [{ relative: -1e-9, scale: 1 }, null],
    [{ relative: 1e-9, scale: 1e308 }, null],
    [{ relative: 1e-9, scale: "Infinity" }, null],
    [{ relative: 0.011, scale: 1 }, null],
    [{ relative: 0.01, scale: 4.1 }, null],
  ])("refuses %j for a width of %j", (rule, width) => {
    expect(() => parseTolerance(rule, width, [-4, 2])).toThrow(/a tolerance (must consist|is larger)/);
  });
});

describe("statedTolerance", () => {
  const of = (tolerance: unknown) => statedTolerance({ parity: { tolerance } });
  it("tells a looser one", () => {
    expect(of({ policy: 1e-9, stated: 1e-6 })).toEqual({ policy: 1e-9, stated: 1e-6 });
  });
  it("tells of nothing else, whatever a foreign file holds", () => {
    for (const other of [
      null,
      3,
      {},
      { policy: 1e-9, stated: null },
      { policy: 1e-9, stated: 1e-12 },
      { policy: "x", stated: 1 },
    ])
      expect(of(other)).toBeNull();
    for (const evidence of [null, [], "x", {}, { parity: 3 }]) expect(statedTolerance(evidence)).toBeNull();
  });
});
