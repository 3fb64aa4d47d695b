import { expect, test } from "vitest";
import type { Field } from "../src/contract/contract";
import { labelsOf } from "../src/ui/fields";

const field = (name: string, title = "") => ({ name, title }) as unknown as Field;

test("a title that is not unique is no label", () => {
  // The same cases as in tests/unit/test_labels.py.
  expect(labelsOf([field("a", "Age"), field("b")])).toEqual(["Age", "b"]);
  expect(labelsOf([field("a", "Dose"), field("b", "Dose")])).toEqual(["a", "b"]);
  expect(labelsOf([field("a", "b"), field("b", "Beta")])).toEqual(["a", "Beta"]);
  expect(labelsOf([field("a", "a")])).toEqual(["a"]);
  expect(labelsOf([])).toEqual([]);
});
