/** Sets of boxes are compared as in Python. */
import { describe, expect, it } from "vitest";
import { elementOf } from "../src/contract/elements";
import { kindOf } from "../src/contract/outputs";
import { agree } from "../src/contract/outputs/boxSets";
import { readJson } from "./vectors";
import type { Output } from "../src/contract/contract";

interface Case {
  why: string;
  got: number[][];
  expected: number[][];
  margin: number;
  limit: number;
  same: boolean;
}

describe("sets of boxes", () => {
  const { cases } = readJson("spec/vectors/boxes.json") as { cases: Case[] };
  it.each(cases)("$why", ({ got, expected, margin, limit, same }) => {
    expect(agree(got.flat(), expected.flat(), margin, limit).same).toBe(same);
  });

  it("are written as JSON, and shown in a few words", () => {
    const output: Output = {
      name: "boxes",
      kind: "boxes",
      element: elementOf("float64")!,
      width: null,
      shape: [2, 6],
      classes: [0, 1],
      class_names: ["car", "bus"],
      columns: null,
      title: "",
      units: "",
      description: "",
      settings: { score_threshold: 0.25, iou_threshold: 0.45 },
    };
    const kind = kindOf(output);
    const values = [1, 2, 3.5, 4, 0.75, 1, 0, 0, 0, 0, 0, -1];
    expect(kind.cells(output, values, [2, 6])).toEqual(['[{"box":[1,2,3.5,4],"class":"bus","score":0.75}]']);
    expect(kind.summary(output, values, [2, 6])).toBe("bus (0.75)");
    expect(kind.problem(output)).toBeNull();
    expect(kind.problem({ ...output, shape: [2, 5] })).toMatch(/must be a number and 6/);
  });

  it("are observed by the score of one of them, also if others of its class remain", () => {
    const output = { classes: [0, 1], class_names: ["car", "bus"] } as unknown as Output;
    const kind = kindOf({ kind: "boxes" });
    const [car, other, bus] = [
      [0, 0, 10, 10, 0.5, 0],
      [50, 0, 60, 10, 0.9, 0],
      [0, 0, 10, 10, 0.7, 1],
    ] as const;
    const all = [...car, ...other, ...bus];
    const best = kind.observed(output, all, null)!;
    expect(best.name).toBe("the score of this car");
    expect(best.number(all)).toBe(0.9);
    expect(best.number([...car, ...bus])).toBe(0); // another place
    const chosen = kind.observed(output, all, [0, 0, 10, 10])!;
    expect(chosen.number([...other, ...bus])).toBe(0); // another class
    expect(chosen.number([0, 0, 10, 5, 0.4, 0, ...other])).toBeCloseTo(0.2, 12);
    expect(kind.observed(output, [0, 0, 0, 0, 0, -1], null)).toBeNull();
  });
});
