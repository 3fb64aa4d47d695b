/** Masks are computed and compared as in Python (spec/vectors/mask.json). */
import { describe, expect, it } from "vitest";
import { elementOf } from "../src/contract/elements";
import { kindOf } from "../src/contract/outputs";
import { maskPixels, maskRuns, maskTotals, readMask } from "../src/contract/outputs/maskCells";
import { agree } from "../src/contract/outputs/maskSets";
import { readJson } from "./vectors";
import type { Output } from "../src/contract/contract";

interface MaskCase {
  why: string;
  classes: number;
  numbers: (number | null)[];
  pixels: number[][] | null;
  totals: number[];
  runs: [number, number[]][];
}

interface Comparison {
  why: string;
  got: (number | null)[];
  expected: (number | null)[];
  margin: number;
  same: boolean;
}

const { masks, comparisons } = readJson("spec/vectors/mask.json") as {
  masks: MaskCase[];
  comparisons: Comparison[];
};
const numbers = (given: (number | null)[]) => given.map((number) => number ?? NaN);

describe("masks", () => {
  it.each(masks)("$why", (one) => {
    const mask = readMask(numbers(one.numbers), one.classes);
    if (!one.pixels) return expect(mask).toBeNull();
    expect([...maskPixels(mask!)]).toEqual(one.pixels.flat());
    expect(maskTotals(mask!, one.classes)).toEqual(one.totals);
    expect(maskRuns(mask!).map(({ place, counts }) => [place, counts])).toEqual(one.runs);
  });

  it.each(comparisons)("compared: $why", ({ got, expected, margin, same }) => {
    expect(agree(numbers(got), numbers(expected), margin).same).toBe(same);
  });

  it("have a column with the share of each class, and are shown in a few words", () => {
    const output: Output = {
      name: "mask",
      kind: "mask",
      element: elementOf("float64")!,
      width: null,
      shape: [24],
      classes: [0, 1, 2],
      class_names: ["sky", "road", "car"],
      columns: null,
      title: "",
      units: "",
      description: "",
      settings: null,
    };
    const kind = kindOf(output);
    const values = numbers(masks[0]!.numbers);
    expect(kind.header(output)).toEqual(["mask_sky", "mask_road", "mask_car"]);
    expect(kind.cells(output, values)).toEqual(["0.5", "0.25", "0.25"]);
    expect(kind.cells(output, [NaN])).toEqual(["", "", ""]);
    expect(kind.summary(output, values, [24])).toBe("sky 50.0\u00a0%, road 25.0\u00a0%, car 25.0\u00a0%");
    expect(kind.problem(output)).toBeNull();
    expect(kind.problem({ ...output, shape: [12] })).toMatch(/one number above 12/);
    expect(kind.problem({ ...output, classes: null })).toMatch(/1 to 4096 classes/);
  });
});
