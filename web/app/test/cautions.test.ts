import { expect, test } from "vitest";
import { cautionsOf, standing } from "../src/contract/cautions";
import { parseContract } from "../src/contract/parse";

const contract = parseContract({
  inputs: [
    { name: "age", dtype: "float64", observed: [29, 77], units: "years", missing: "allowed" },
    { name: "day", dtype: "date", observed: ["2020-01-01", "2024-12-31"], missing: "allowed" },
    { name: "sex", dtype: "string", categories: ["f", "m"], missing: "allowed" },
    { name: "report", dtype: "string", missing: "allowed" },
  ],
  outputs: [{ name: "value", kind: "value", dtype: "float64" }],
  tensors: [
    { name: "number", dtype: "float64", shape: ["rows", 2], fields: [0, 1] },
    { name: "text", dtype: "string", shape: ["rows", 2], fields: [2, 3] },
    { name: "text_missing", dtype: "bool", shape: ["rows", 2], fields: [2, 3] },
  ],
  task: "regression",
});
const messages = (...args: Parameters<typeof cautionsOf>) => cautionsOf(...args).map((c) => c.message);

test("a row like the training data has no caution", () => {
  expect(cautionsOf(contract, [50, 1.6e15, "f", "cough"])).toEqual([]);
});

test("values unlike the training data are named with what was usual", () => {
  expect(messages(contract, [-5, 0, "x", "cough"])).toEqual([
    '"age" is unlike the training data (mostly 29 to 77 years).',
    '"day" is unlike the training data (mostly 2020-01-01 to 2024-12-31).',
    '"sex" is not among the known values.',
  ]);
});

test("the larger part missing is a caution about the whole row, half of it is not", () => {
  expect(cautionsOf(contract, [null, null, null, "cough"])).toEqual([
    { kind: "empty", field: null, message: "3 of 4 fields are empty." },
  ]);
  expect(cautionsOf(contract, [null, null, "f", "cough"])).toEqual([]);
});

test("what a stage found is a caution", () => {
  const observed = "no word that the model knows";
  expect(cautionsOf(contract, [50, 1.6e15, "f", "zzz"], new Map([[3, observed]]))).toEqual([
    { kind: "stage", field: 3, message: '"report" has no word that the model knows.', observed },
  ]);
});

test("what is a little beyond the range of most training values is rare, and no caution", () => {
  const [age] = contract.inputs; // 29 to 77: a quarter of the width is 12
  expect([17, 28.9, 29, 77, 77.1, 89].map((value) => standing(age!, value))).toEqual([
    "rare",
    "rare",
    null,
    null,
    "rare",
    "rare",
  ]);
  expect([16.9, 89.1].map((value) => standing(age!, value))).toEqual(["unlike", "unlike"]);
  expect(cautionsOf(contract, [80, 1.6e15, "f", "cough"])).toEqual([]);
  expect(standing({ ...age!, observed: [5, 5] }, 5.1)).toBe("unlike"); // of a constant column
  expect(standing({ ...age!, observed: [null, 5] }, 5.1)).toBe("unlike"); // the width is not known
});
