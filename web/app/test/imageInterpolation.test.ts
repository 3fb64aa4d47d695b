/** Resizes of floats, against the vectors that PyTorch computed (spec/vectors/image/interpolation.json). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Grid } from "../src/stages/image/grid";
import { Resize } from "../src/stages/image/steps/resize";

interface Vectors {
  pictures: { size: [number, number, number]; levels: number[] }[];
  cases: { picture: number; step: Record<string, unknown>; expected: number[] }[];
  malformed: { step: Record<string, unknown>; message: string }[];
}
const path = new URL("../../../spec/vectors/image/interpolation.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf-8")) as Vectors;

test("the floats of the library", () => {
  for (const { picture, step, expected } of vectors.cases) {
    const { size, levels } = vectors.pictures[picture]!;
    const [height, width, channels] = size;
    const grid: Grid = {
      height,
      width,
      channels,
      levels: Uint8Array.from(levels),
      geometry: [height, width, 1, 1, 0, 0],
    };
    const made = new Resize(step).apply(grid).levels;
    expect(made).toBeInstanceOf(Float32Array);
    expect(made.length).toBe(expected.length);
    const worst = expected.reduce((most, wanted, at) => Math.max(most, Math.abs(wanted - made[at]!)), 0);
    expect(worst, JSON.stringify(step)).toBeLessThanOrEqual(255e-6);
  }
});

test("malformed steps", () => {
  for (const { step, message } of vectors.malformed) expect(() => new Resize(step)).toThrow(message);
});
