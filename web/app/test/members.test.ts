/** The types of src/seal/members.ts are those of the JSON Schemas. */
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";
import { readRoot } from "./vectors";

test("the types are made from the schemas; run `npm run schemas`", async () => {
  const { types } = (await import(join(import.meta.dirname, "../build/schemas.mjs"))) as {
    types: () => Promise<string>;
  };
  const options = await resolveConfig(join(import.meta.dirname, "../src/seal/members.ts"));
  const made = await format(await types(), { ...options, parser: "typescript" });
  expect(new TextDecoder().decode(readRoot("web/app/src/seal/members.ts"))).toBe(made);
});
