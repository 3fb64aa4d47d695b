/** Image stages against the vectors that Pillow, OpenCV and NumPy made. `SEALIFT_IMAGE_VECTORS` names a folder with others. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Refusal, type Picture } from "../src/stages/image/decode";
import { ImageStage, type PreparedPicture } from "../src/stages/image/stage";
import { Malformed } from "../src/stages/read";

interface Case {
  why: string;
  spec: unknown;
  picture: { mode: Picture["mode"]; size: [number, number]; levels: string } | { file: string };
  shape: number[];
  pixels?: string;
  geometry: number[];
  tolerance?: number;
  code?: string;
}
const FOLDER =
  process.env["SEALIFT_IMAGE_VECTORS"] ?? join(import.meta.dirname, "../../../spec/vectors/image");
const { cases, refused } = JSON.parse(readFileSync(join(FOLDER, "steps.json"), "utf8")) as {
  cases: Case[];
  refused: { why: string; spec: unknown }[];
};

async function prepared({ spec, picture }: Case): Promise<PreparedPicture> {
  const stage = new ImageStage(spec);
  if ("file" in picture) return stage.prepare(new Blob([Buffer.from(picture.file, "base64")]));
  const bytes = new Uint8Array(Buffer.from(picture.levels, "base64"));
  const data = picture.mode === "I;16" ? new Uint16Array(bytes.buffer) : bytes;
  const [width, height] = picture.size;
  return stage.prepareDecoded({
    format: "",
    width,
    height,
    mode: picture.mode,
    data,
    orientation: 1,
    frames: 1,
  });
}

/** JPEG and WebP are decoded by browsers (tests/e2e/test_image_decoding.py); CMYK is refused here. */
function needsBrowser({ picture }: Case): boolean {
  if (!("file" in picture)) return false;
  const head = Buffer.from(picture.file.slice(0, 24), "base64").toString("latin1");
  return head.startsWith("\xff\xd8\xff") || head.startsWith("RIFF");
}
const isCmyk = ({ why }: Case) => why.includes("CMYK");

it("has vectors", () => {
  expect(cases.length).toBeGreaterThan(50);
  expect(refused.length).toBeGreaterThan(10);
});

it.each(cases.filter((one) => !needsBrowser(one) && !isCmyk(one)))("$why", async (one) => {
  if (one.code) {
    const error: unknown = await prepared(one).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).code).toBe(one.code);
    return;
  }
  const { pixels, sizes, geometry } = await prepared(one);
  expect(sizes).toEqual(one.shape);
  expect(geometry).toEqual(one.geometry);
  const wanted = new Float32Array(new Uint8Array(Buffer.from(one.pixels!, "base64")).buffer);
  expect(pixels.length).toBe(wanted.length);
  const limit = one.tolerance ?? 0;
  const different = pixels.findIndex((level, i) => Math.abs(level - wanted[i]!) > limit);
  expect(different).toBe(-1);
});

it.each(cases.filter(isCmyk))("refuses $why", async (one) => {
  await expect(prepared(one)).rejects.toMatchObject({ code: "R113" });
});

it.each(refused)("refuses $why", ({ spec }) => {
  expect(() => new ImageStage(spec)).toThrow(Malformed);
});
