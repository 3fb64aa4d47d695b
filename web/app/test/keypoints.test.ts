/** Points are compared as in Python (spec/vectors/keypoints.json), and shown and written with their names. */
import { describe, expect, it } from "vitest";
import { elementOf } from "../src/contract/elements";
import { kindOf } from "../src/contract/outputs";
import { readJson } from "./vectors";
import type { Output } from "../src/contract/contract";

interface Case {
  why: string;
  got: (number | null)[][];
  expected: (number | null)[][];
  relative: number;
  margin: number;
  same: boolean;
}

const output: Output = {
  name: "keypoints",
  kind: "keypoints",
  element: elementOf("float64")!,
  width: null,
  shape: [2, 4],
  classes: [0, 1],
  class_names: ["left eye", "nose"],
  columns: null,
  title: "",
  units: "",
  description: "",
  settings: null,
};
const kind = kindOf(output);
const numbers = (points: (number | null)[][]) => points.flat().map((number) => number ?? NaN);

describe("points", () => {
  const { cases } = readJson("spec/vectors/keypoints.json") as { cases: Case[] };
  it.each(cases)("$why", ({ got, expected, relative, margin, same }) => {
    expect(kind.agree(output, numbers(got), numbers(expected), margin, relative)?.same).toBe(same);
  });

  it("have three columns each, a summary, and one annotation", () => {
    const values = [10.25, 20.75, 0.5, 0.3, 30, 40, 0.75, 1];
    expect(kind.header(output)).toEqual([
      "keypoints_left eye_x",
      "keypoints_left eye_y",
      "keypoints_left eye_score",
      "keypoints_nose_x",
      "keypoints_nose_y",
      "keypoints_nose_score",
    ]);
    expect(kind.cells(output, values)).toEqual(["10.25", "20.75", "0.5", "30", "40", "0.75"]);
    expect(kind.summary(output, values, [2, 4])).toBe("left eye (10,\u00a021), nose (30,\u00a040)");
    expect(kind.plain(output, values, [2, 4])).toEqual([
      { point: "left eye", x: 10.25, y: 20.75, score: 0.5 },
      { point: "nose", x: 30, y: 40, score: 0.75 },
    ]);
    expect(kind.cocoAnnotations(output, values)).toEqual([
      {
        category: 0,
        keypoints: [10.25, 20.75, 2, 30, 40, 2],
        num_keypoints: 2,
        bbox: [10.25, 20.75, 19.75, 19.25],
        area: 19.75 * 19.25,
        segmentation: [],
        iscrowd: 0,
        score: 0.625,
      },
    ]);
    expect(kind.problem(output)).toBeNull();
    expect(kind.problem({ ...output, shape: [3, 4] })).toMatch(/the number of its classes and 4/);
  });
});
