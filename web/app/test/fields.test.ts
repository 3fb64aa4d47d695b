import { expect, test } from "vitest";
import type { Field } from "../src/contract/types";
import { choicesOf } from "../src/ui/fields";

const field = (categories: string[]) => ({ name: "ward", dtype: "string", categories }) as unknown as Field;

test("an empty text is no choice beside unknown", () => {
  expect(choicesOf(field(["", "north"]))).toEqual([{ value: "north", text: "north" }]);
});
