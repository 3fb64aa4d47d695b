/** Checks that a graph and its answers fit the contract (spec/SEAL.md §7; src/sealift/runtime/fit.py). */
import type * as Ort from "onnxruntime-web";
import { axesOf, type Contract, type Output, type Scalar } from "../contract/contract";
import { elementOf, type Element } from "../contract/elements";
import { SealiftError } from "../errors";
import type { Port } from "../seal/graph/tensors";
import type { GraphInfo } from "../seal/graph/walk";
import type { Answer } from "./protocol";

/** Throws E209 unless the graph declares the contract's tensors as inputs, and its outputs as outputs. */
export function checkPorts(info: GraphInfo, contract: Contract): void {
  for (const { name, dtype, shape } of contract.tensors) {
    const port = info.inputs.get(name);
    if (!port) throw misfit(`the graph has no input '${name.slice(0, 80)}'`);
    checkPort("input", name, port, elementOf(dtype)!, shape.map(sizeOf));
  }
  const known = new Set(contract.tensors.map((tensor) => tensor.name));
  for (const name of info.inputs.keys())
    if (!known.has(name)) throw misfit(`the graph has an unknown input '${name.slice(0, 80)}'`);
  for (const output of contract.outputs) {
    const port = info.outputs.get(output.name);
    if (!port) throw misfit(`the graph has no output '${output.name.slice(0, 80)}'`);
    checkPort("output", output.name, port, output.element, [null, ...axesOf(output)]);
  }
}

/** The answers of the engine for `count` rows. Throws E209 unless their shape and type are those of the output. */
export function toAnswer(output: Output, tensor: Ort.Tensor | undefined, count: number): Answer {
  const wanted = [count, ...axesOf(output)];
  const shape = wanted.map((size, i) => size ?? tensor?.dims[i] ?? 1);
  if (tensor?.type !== output.element.name || tensor.dims.join() !== shape.join()) {
    // ONNX Runtime also has values that are not tensors.
    const dims = tensor?.dims as readonly number[] | undefined;
    const got = dims ? `the type ${tensor?.type} and the shape [${dims.join(", ")}]` : "no tensor";
    throw misfit(
      `the answer '${output.name}' to ${count} rows has ${got}, not ${output.element.name} and [${shape.join(", ")}]`,
    );
  }
  const raw = tensor.data as ArrayLike<number | bigint | string>;
  const size = shape.reduce((a, b) => a * b, 1);
  if (raw.length !== size) throw misfit(`the answer '${output.name}' has ${raw.length} values, not ${size}`);
  const data = new Array<Scalar>(size);
  for (let i = 0; i < size; i++) data[i] = output.element.read(raw[i]!);
  const answer: Answer = { name: output.name, width: output.width, data };
  return output.shape ? { ...answer, sizes: shape.slice(1) } : answer;
}

function checkPort(kind: string, name: string, port: Port, element: Element, shape: (number | null)[]): void {
  const { shape: declared } = port;
  // A free dimension of the graph permits every size; a fixed one must be that of the contract. Rows must be free.
  const fits =
    declared?.length === shape.length &&
    declared[0] === null &&
    declared.every((size, i) => size === null || size === shape[i]);
  if (port.element !== element.code || !fits)
    throw misfit(`the ${kind} '${name.slice(0, 80)}' of the graph is declared with another type or shape`);
}

/** The size of a dimension; null if it is named, and so free. */
function sizeOf(size: number | string): number | null {
  return typeof size === "number" ? size : null;
}

function misfit(what: string): SealiftError {
  return new SealiftError(
    "E209",
    `The graph does not fit its contract: ${what}.`,
    "model.onnx",
    "Do not use this file; tell its publisher. Nothing was answered.",
  );
}
