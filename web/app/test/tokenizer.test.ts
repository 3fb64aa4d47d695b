import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Malformed } from "../src/stages/read";
import { TokenizerStage } from "../src/stages/tokenizer/stage";
import { readJson } from "./vectors";

interface Vectors {
  blobs: Record<string, unknown>;
  stages: Record<
    string,
    {
      spec: Record<string, unknown>;
      data: Record<string, string>;
      cases: { text: string; ids: number[]; types: number[]; spans: number[] }[];
    }
  >;
  malformed: { stage: unknown; message: string }[];
}

// A folder of random cases, which `make token-cases` writes.
const folder = process.env["SEALIFT_TOKEN_VECTORS"];
const files: Vectors[] = folder
  ? readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Vectors)
  : [readJson("spec/vectors/tokenizer.json") as Vectors];

describe("the tokenizer stage", () => {
  for (const { blobs, stages, malformed } of files) {
    for (const [name, { spec, data, cases }] of Object.entries(stages)) {
      it(`gives the tokens of the library: ${name}`, { timeout: 1_200_000 }, () => {
        const values = Object.entries(data).map(([key, digest]) => [key, blobs[digest]]);
        const stage = new TokenizerStage({ ...spec, ...Object.fromEntries(values) });
        let differences = 0;
        for (const { text, ids, types, spans } of cases) {
          const encoding = stage.encode(text);
          const isSame = [
            [encoding.ids, ids],
            [encoding.types, types],
            [encoding.spans.flat(), spans],
          ].every(([a, b]) => a!.length === b!.length && a!.every((item, i) => item === b![i]));
          if (isSame) continue;
          if (differences++ === 0) {
            expect.soft(encoding.ids, text).toEqual(ids);
            expect.soft(encoding.spans.flat(), text).toEqual(spans);
            expect.soft(encoding.types, text).toEqual(types);
          }
        }
        expect(differences).toBe(0);
        expect(cases.length).toBeGreaterThan(10);
      });
    }
    it.each(malformed)("refuses a malformed stage: $message", ({ stage, message }) => {
      let error: unknown;
      try {
        new TokenizerStage(stage);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(Malformed);
      expect((error as Malformed).message).toBe(message);
    });
  }
});
