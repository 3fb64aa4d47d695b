import { expect, test } from "vitest";
import type { Field } from "../src/contract/contract";
import { STRING } from "../src/contract/types/text";
import { choicesOf } from "../src/ui/fields";

const field = (categories: string[]) => ({ name: "ward", type: STRING, categories }) as unknown as Field;

test("an empty text is no choice beside unknown", () => {
  expect(choicesOf(field(["", "north"]))).toEqual([{ value: "north", text: "north" }]);
});
