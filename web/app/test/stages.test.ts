/** Kinds of stages are known by their own folder alone, and a second kind needs only its file and its registration. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type * as Ort from "onnxruntime-web";
import { expect, it, vi } from "vitest";
import { parseContract } from "../src/contract/parse";
import { checkCell } from "../src/contract/value";
import { Model } from "../src/engine/session";
import { Stages } from "../src/stages";
import { hintOf } from "../src/ui/fields";

vi.mock("../src/stages", async (original) => {
  const [real, { LENGTH }] = await Promise.all([
    original<typeof import("../src/stages")>(),
    import("./lengthStage"),
  ]);
  const types = [...real.STAGE_TYPES, LENGTH];
  return {
    ...real,
    STAGE_TYPES: types,
    stageType: (kind: unknown) => types.find((type) => type.kind === kind),
  };
});

const SOURCE = join(import.meta.dirname, "../src");
const HASHED = { analyzer: "whole", ngrams: [1, 1], hash: { columns: 8, signs: false }, rows: 3 };

function contractOf(...stages: { stage: string; spec: object }[]): ReturnType<typeof parseContract> {
  const shapes: Record<string, [string, string, (k: number) => number | string][]> = {
    "text/1": [
      ["terms", "int64", (k) => `length${k}`],
      ["counts", "float64", (k) => `length${k}`],
    ],
    "length/1": [["length", "float64", () => 1]],
  };
  return parseContract({
    inputs: [{ name: "note", dtype: "string", missing: "allowed" }],
    outputs: [{ name: "value", kind: "value", dtype: "float64" }],
    task: "regression",
    tensors: [
      { name: "text", dtype: "string", shape: ["rows", 1], fields: [0] },
      { name: "text_missing", dtype: "bool", shape: ["rows", 1], fields: [0] },
      ...stages.flatMap(({ stage }, k) =>
        shapes[stage]!.map(([name, dtype, size]) => ({
          name: `${name}${k}`,
          dtype,
          shape: ["rows", size(k)],
          fields: [0],
          stage: k,
        })),
      ),
    ],
    stages: stages.map((stage) => ({ ...stage, fields: [0], data: {} })),
    requires: [...new Set(stages.map(({ stage }) => `stage:${stage}`))].sort(),
  });
}

it.each(
  (readdirSync(SOURCE, { recursive: true }) as string[]).filter(
    (name) => /\.(ts|svelte)$/.test(name) && !name.startsWith("stages/"),
  ),
)("%s imports no kind of stage", (name) => {
  expect(readFileSync(join(SOURCE, name), "utf8")).not.toMatch(/from "[./]*\/stages\/(?!base")/);
});

it("rows are given to the graph in pieces that suit every kind", () => {
  const stages = [
    { stage: "text/1", spec: HASHED },
    { stage: "length/1", spec: { most: 4, longer: "counted" } },
    { stage: "text/1", spec: { ...HASHED, rows: 100 } },
  ];
  const texts = ["a", "bb", "ccc", "dddd", null, "eeeee", "f"];
  const pieces = [...Stages.of(contractOf(...stages)).pieces(texts.map((text) => [text]))];
  expect(pieces.map(({ rows }) => rows.map(([text]) => text))).toEqual([
    ["a", "bb"],
    ["ccc"],
    ["dddd", null],
    ["eeeee"],
    ["f"],
  ]);
  const lengths = pieces.map(({ tensors }) => [...tensors.get("length1")!.data]);
  expect(lengths).toEqual([[1, 2], [3], [4, 0], [4], [1]]);
  for (const { rows, tensors } of pieces) {
    expect([...tensors.keys()].sort()).toEqual(["counts0", "counts2", "length1", "terms0", "terms2"]);
    for (const { dims } of tensors.values()) expect(dims[0]).toBe(rows.length);
    expect(tensors.get("terms0")!.data).toEqual(tensors.get("terms2")!.data);
  }
});

it("a contract without stages gives all rows at once", () => {
  expect([...Stages.of(contractOf()).pieces([["a"], ["b"]])]).toEqual([
    { rows: [["a"], ["b"]], tensors: new Map() },
  ]);
});

it("the tensors of a second kind reach the graph, and its refusals the form", async () => {
  const contract = contractOf({ stage: "length/1", spec: { most: 3, longer: "refused" } });
  const fed: Record<string, unknown>[] = [];
  const session = {
    run: (feeds: Record<string, { data: Float64Array; dims: number[] }>) => {
      fed.push(Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, [...data]])));
      const { data, dims } = feeds["length0"]!;
      return Promise.resolve({ value: { type: "float64", data, dims: [dims[0]] } });
    },
  };
  const ort = {
    InferenceSession: { create: () => Promise.resolve(session) },
    Tensor: class {
      constructor(
        readonly type: string,
        readonly data: unknown,
        readonly dims: number[],
      ) {}
    },
  } as unknown as typeof Ort;
  const model = await Model.load(contract, new Uint8Array(), new Map(), ort);
  const [answer] = await model.predict([["ab"], ["abc"], [null]]);
  expect(answer!.data).toEqual([2, 3, 0]);
  expect(fed).toEqual([
    { text: ["ab", "abc"], text_missing: [0, 0], length0: [2, 3] },
    { text: [""], text_missing: [1], length0: [0] },
  ]);
  expect(model.cautions(["ab"])).toEqual([]);
  const [field] = contract.inputs;
  expect(checkCell(field!, "abc")).toEqual({ value: "abc" });
  expect(checkCell(field!, "abcd")).toEqual({
    code: "R108",
    message: '"note" has more than 3 characters.',
  });
  expect(hintOf(field!)).toBe("such as abc");
});

it("a malformed stage of a second kind is named by its number", () => {
  const good = { stage: "length/1", spec: { most: 3, longer: "counted" } };
  const bad = { stage: "length/1", spec: { most: "3", longer: "counted" } };
  expect(() => Stages.of(contractOf(good, bad))).toThrow("[E106] stage 1");
  // A refusing stage is read with the contract, because the form needs it.
  expect(() => contractOf(good, { ...bad, spec: { most: "3", longer: "refused" } })).toThrow(
    "[E106] stage 1",
  );
});
