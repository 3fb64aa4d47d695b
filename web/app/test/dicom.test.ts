/** Compressed DICOM frames against the samples that the plugins of pydicom decode (tests/vectors/make_dicom.py). */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { codecsOf } from "../src/stages/image/codecs/main";
import type { Binaries } from "../src/stages/image/codecs/wasm";
import { readDicom } from "../src/stages/image/dicom/elements";
import { storedValues } from "../src/stages/image/dicom/frames";
import { readHeader } from "../src/stages/image/dicom/header";
import { readJson, readRoot } from "./vectors";

const { cases } = readJson("spec/vectors/image/dicom.json") as {
  cases: { why: string; file: string; samples: string }[];
};
const load = createRequire(import.meta.url);
const program = (path: string) => {
  const name = join(import.meta.dirname, "../node_modules/@cornerstonejs", path);
  const binary = readFileSync(`${name}.wasm`).toString("base64");
  return [load(`${name}.js`), binary] as Binaries["charls"];
};

/** Without the packages, which `npm ci` installs, there is nothing to test. */
const isInstalled = existsSync(join(import.meta.dirname, "../node_modules/@cornerstonejs"));

beforeAll(() => {
  if (!isInstalled) return;
  const binaries = {
    charls: program("codec-charls/dist/charlswasm_decode"),
    openjpeg: program("codec-openjpeg/dist/openjpegwasm_decode"),
  };
  (globalThis as { sealiftCodecs?: unknown }).sealiftCodecs = codecsOf(
    binaries,
    readText("web/app/src/stages/image/codecs/dictionary.txt"),
  );
});

const readText = (path: string) => new TextDecoder().decode(readRoot(path));
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

async function samplesOf(data: Uint8Array): Promise<ArrayLike<number>> {
  const file = readDicom(data);
  return storedValues(file, readHeader(file), 0);
}

it.skipIf(!isInstalled).each(cases)("$why", async ({ file, samples }) => {
  const values = await samplesOf(bytesOf(file));
  const made = Int16Array.from({ length: values.length }, (_, i) => values[i]!);
  expect(Buffer.from(made.buffer).toString("base64")).toBe(samples);
});

it.skipIf(!isInstalled)(
  "refuses damaged frames, and nothing else goes wrong",
  async () => {
    let state = 1;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    const reasons = new Set<string>();
    for (let i = 0; i < 120; i++) {
      const data = bytesOf(cases[random(cases.length)]!.file);
      const start = data.length >> 1;
      for (let k = 0; k < 3; k++) data[start + random(data.length - start)] = random(256);
      await samplesOf(i % 4 === 0 ? data.subarray(0, start + random(start)) : data).catch((error: Error) => {
        expect(error.name, String(error.stack)).toBe("Refusal");
        reasons.add((error as unknown as { code: string }).code);
      });
    }
    expect(reasons).toContain("R111");
  },
  60_000,
);
