import { describe, expect, it } from "vitest";
import { elementOf } from "../src/contract/elements";
import { parseContract } from "../src/contract/parse";
import type { Output } from "../src/contract/contract";
import { checkPorts, toAnswer } from "../src/engine/fit";
import { SealiftError } from "../src/errors";
import type { Port } from "../src/seal/graph/tensors";

const contract = parseContract({
  inputs: [{ name: "a", dtype: "float64" }],
  outputs: [{ name: "value", kind: "value", dtype: "float64", width: null }],
  tensors: [{ name: "number", dtype: "float64", shape: ["rows", 1], fields: [0] }],
  headline: null,
  task: "regression",
  title: "",
  description: "",
});

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(SealiftError);
    return (error as SealiftError).code;
  }
}

const info = (inputs: Record<string, Port>, outputs: Record<string, Port>) => ({
  inputs: new Map(Object.entries(inputs)),
  outputs: new Map(Object.entries(outputs)),
  opsets: new Map([["", 21]]),
});
const number: Port = { element: 11, shape: [null, 1] };
const value: Port = { element: 11, shape: [null] };

describe("what a graph declares", () => {
  it("fits", () => {
    expect(codeOf(() => checkPorts(info({ number }, { value }), contract))).toBeNull();
    const free = { ...number, shape: [null, null] };
    expect(codeOf(() => checkPorts(info({ number: free }, { value }), contract))).toBeNull();
  });

  it.each<[string, Record<string, Port>, Record<string, Port>]>([
    ["no input", {}, { value }],
    ["another input", { number, more: number }, { value }],
    ["an input of float32", { number: { ...number, element: 1 } }, { value }],
    ["an input of text", { number: { ...number, element: 8 } }, { value }],
    ["a wider input", { number: { ...number, shape: [null, 2] } }, { value }],
    ["an input of one row", { number: { ...number, shape: [1, 1] } }, { value }],
    ["an input without a rank", { number: { ...number, shape: null } }, { value }],
    ["no output", { number }, { values: value }],
    ["an output of whole numbers", { number }, { value: { ...value, element: 7 } }],
    ["an output of text", { number }, { value: { ...value, element: 8 } }],
    ["a wide output", { number }, { value: { ...value, shape: [null, 1] } }],
    ["an output of one number", { number }, { value: { ...value, shape: [] } }],
  ])("does not fit: %s", (_, inputs, outputs) => {
    expect(codeOf(() => checkPorts(info(inputs, outputs), contract))).toBe("E209");
  });
});

describe("what the engine answers to two rows", () => {
  const one = contract.outputs[0]!;
  const tensor = (type: string, dims: number[], data: unknown) => ({ type, dims, data }) as never;

  it("fits", () => {
    expect(toAnswer(one, tensor("float64", [2], Float64Array.of(1, 2)), 2).data).toEqual([1, 2]);
    const wide: Output = { ...one, width: 2 };
    expect(toAnswer(wide, tensor("float64", [1, 2], Float64Array.of(1, 2)), 1).data).toEqual([1, 2]);
    const label: Output = { ...one, name: "label", kind: "label", element: elementOf("int64")! };
    expect(toAnswer(label, tensor("int64", [2], BigInt64Array.of(1n, 2n)), 2).data).toEqual([1, 2]);
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["a list of maps", [{ 0: 1 }]],
    ["text", tensor("string", [2], ["1", "2"])],
    ["whole numbers", tensor("int64", [2], BigInt64Array.of(1n, 2n))],
    ["float32", tensor("float32", [2], Float32Array.of(1, 2))],
    ["booleans", tensor("bool", [2], Uint8Array.of(1, 0))],
    ["a column", tensor("float64", [2, 1], Float64Array.of(1, 2))],
    ["two values for each row", tensor("float64", [2, 2], Float64Array.of(1, 2, 3, 4))],
    ["one row more", tensor("float64", [3], Float64Array.of(1, 2, 3))],
    ["one row less", tensor("float64", [1], Float64Array.of(1))],
    ["one number", tensor("float64", [], Float64Array.of(1))],
    ["less data than its shape says", tensor("float64", [2], Float64Array.of(1))],
  ])("does not fit: %s", (_, answer) => {
    expect(codeOf(() => toAnswer(one, answer as never, 2))).toBe("E209");
  });
});
