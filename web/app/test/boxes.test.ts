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
});
