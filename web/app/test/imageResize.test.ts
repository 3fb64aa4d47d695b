/** Resizing against the vectors that Pillow and OpenCV made. `SEALIFT_IMAGE_VECTORS` names a folder with others. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Pixels, resized } from "../src/stages/image/resize";

interface Case {
  mode: string;
  from: [number, number];
  to: [number, number];
  levels: string;
  answers: { filter: string; passes: string; levels: string }[];
}
const FOLDER =
  process.env["SEALIFT_IMAGE_VECTORS"] ?? join(import.meta.dirname, "../../../spec/vectors/image");
const CHANNELS: Record<string, number> = { L: 1, LA: 2, RGB: 3, RGBA: 4, "I;16": 1 };

function decoded(text: string, mode: string): Uint8Array | Uint16Array {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  return mode === "I;16" ? new Uint16Array(bytes.buffer) : bytes;
}

function imageOf(text: string, mode: string, [width, height]: [number, number]): Pixels {
  return { width, height, channels: CHANNELS[mode]!, data: decoded(text, mode) };
}

it.each(["pillow", "opencv"])("has the levels of %s", { timeout: 600_000 }, (library) => {
  const { cases } = JSON.parse(readFileSync(join(FOLDER, `${library}.json`), "utf8")) as { cases: Case[] };
  expect(cases.length).toBeGreaterThanOrEqual(30);
  for (const { mode, from, to, levels, answers } of cases) {
    const image = imageOf(levels, mode, from);
    for (const { filter, passes, levels: wanted } of answers) {
      const made = resized(image, ...to, { library, filter, passes });
      const name = `${mode} ${filter} ${passes} from ${from} to ${to}`;
      expect(Buffer.from(made.data.buffer).toString("base64"), name).toBe(wanted);
      expect([made.width, made.height, made.channels]).toEqual([...to, CHANNELS[mode]]);
    }
  }
});

it("refuses what is not defined", () => {
  const image = { width: 2, height: 2, channels: 1, data: new Uint8Array(4) };
  const box = { library: "pillow", filter: "box" };
  expect(() => resized(image, 1, 1, { library: "pil", filter: "box" })).toThrow("no filter");
  expect(() => resized(image, 1, 1, { library: "opencv", filter: "cubic" })).toThrow("no filter");
  expect(() => resized(image, 1, 1, { ...box, passes: "vertical-first" })).toThrow("no order of passes");
  expect(() => resized(image, 0, 1, box)).toThrow("rows and columns");
  expect(() => resized(image, 1.5, 1, box)).toThrow("rows and columns");
  expect(() => resized({ ...image, channels: 2 }, 1, 1, box)).toThrow("number of levels");
  expect(() => resized({ ...image, channels: 5 }, 1, 1, box)).toThrow("5 channels of 8 bits");
  const wide = { ...image, data: new Uint16Array(4) };
  expect(() => resized(wide, 1, 1, { library: "opencv", filter: "area" })).toThrow("1 channels of 16 bits");
});

it("answers with a copy where the size is kept", () => {
  const image = { width: 2, height: 1, channels: 1, data: new Uint8Array([1, 2]) };
  for (const [library, filter] of [
    ["pillow", "bicubic"],
    ["opencv", "linear"],
    ["opencv", "area"],
  ] as const) {
    const made = resized(image, 2, 1, { library, filter });
    expect([...made.data]).toEqual([1, 2]);
    expect(made.data).not.toBe(image.data);
  }
});
