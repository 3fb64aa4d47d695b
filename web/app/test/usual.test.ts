/** Statistics of pictures and their usual values, as in Python (spec/vectors/image/usual.json). */
import { expect, it } from "vitest";
import { decode } from "../src/stages/image/decode";
import { ImageStage } from "../src/stages/image/stage";
import { caution } from "../src/stages/image/usual";
import { Malformed } from "../src/stages/read";
import { readJson } from "./vectors";

interface Case {
  why: string;
  spec: unknown;
  file: string;
  statistics: Record<string, number>;
  unlike: string[];
}
const { cases, refused } = readJson("spec/vectors/image/usual.json") as {
  cases: Case[];
  refused: { why: string; spec: unknown }[];
};

it.each(cases)("$why", async ({ spec, file, statistics, unlike }) => {
  const data = new Uint8Array(Buffer.from(file, "base64"));
  const stage = new ImageStage(spec);
  const prepared = await stage.prepare(new Blob([data]));
  const measured: Record<string, number> = { ...stage.statistics(prepared, await decode(data)) };
  expect(Object.keys(measured).sort()).toEqual(Object.keys(statistics).sort());
  for (const [name, value] of Object.entries(statistics)) expect(measured[name], name).toBeCloseTo(value, 9);
  expect(prepared.notes).toEqual(unlike.length > 0 ? [caution(unlike)] : []);
});

it.each(refused)("refuses $why", ({ spec }) => {
  expect(() => new ImageStage(spec)).toThrow(Malformed);
});

it("is a sentence", () => {
  expect(caution(["size"])).toBe("size unlike the training pictures");
  expect(caution(["size", "colour", "layout"])).toBe("size, colour and layout unlike the training pictures");
});
