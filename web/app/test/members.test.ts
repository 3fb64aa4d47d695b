/** The types in src/seal/members are those of the JSON Schemas. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";
import { readRoot } from "./vectors";

const FOLDER = join(import.meta.dirname, "../src/seal/members");

test("the types are made from the schemas; run `npm run schemas`", async () => {
  const { types } = (await import(join(import.meta.dirname, "../build/schemas.mjs"))) as {
    types: () => Promise<Record<string, string>>;
  };
  const made = await types();
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(made).sort());
  const options = await resolveConfig(join(FOLDER, "contract.ts"));
  for (const [name, text] of Object.entries(made)) {
    const formatted = await format(text, { ...options, parser: "typescript" });
    expect(new TextDecoder().decode(readRoot(`web/app/src/seal/members/${name}`))).toBe(formatted);
  }
}, 60_000);
