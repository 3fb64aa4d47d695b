/** The pattern of graphs that have class-activation maps. */
import { describe, expect, it } from "vitest";
import { ofClass } from "../src/engine/activation";
import type { GraphNode } from "../src/engine/activation/nodes";
import { linearHeads } from "../src/engine/activation/pattern";

type Attributes = Record<string, number | number[]>;
const node = (operator: string, inputs: string, outputs: string, attributes: Attributes = {}): GraphNode => ({
  operator,
  inputs: inputs.split(" "),
  outputs: outputs.split(" "),
  attributes: new Map(Object.entries(attributes)),
});
const heads = (...nodes: GraphNode[]) =>
  linearHeads({ nodes, integers: new Map([["axes", [-1, -2]]]), names: new Set() });
const pool = node("GlobalAveragePool", "f", "p");
const flat = node("Flatten", "p", "v");

describe("a mean over the picture and a linear layer", () => {
  it("as modules of PyTorch are exported", () => {
    expect(heads(pool, flat, node("Gemm", "v W b", "s", { transB: 1 }))).toEqual([
      { features: "f", weights: "W", equation: "nchw,kc->nkhw", bias: "b", scores: "s" },
    ]);
    const mean = node("ReduceMean", "f axes", "v", { keepdims: 0 });
    expect(heads(mean, node("Gemm", "v W", "s"))).toEqual([
      { features: "f", weights: "W", equation: "nchw,ck->nkhw", bias: null, scores: "s" },
    ]);
  });

  it("with a product and a sum, with and without the sum", () => {
    const sums = heads(pool, flat, node("MatMul", "v W", "m"), node("Add", "b m", "s"));
    expect(sums.map(({ bias, scores }) => [bias, scores])).toEqual([
      ["b", "s"],
      [null, "m"],
    ]);
  });

  it("with channels last, and as a convolution", () => {
    const last = node("ReduceMean", "f", "v", { axes: [1, 2] });
    expect(heads(last, node("MatMul", "v W", "s"))[0]!.equation).toBe("nhwc,ck->nkhw");
    expect(heads(pool, node("Conv", "p W b", "s"))[0]!.equation).toBe("nchw,kcij->nkhw");
  });

  it("is not seen where something else is between them", () => {
    expect(heads(pool, flat, node("Relu", "v", "r"), node("Gemm", "r W", "s"))).toEqual([]);
    expect(heads(pool, flat, node("Gemm", "v W", "s", { alpha: 0.5 }))).toEqual([]);
    expect(heads(pool, flat, node("Gemm", "W v", "s"))).toEqual([]);
    expect(heads(node("ReduceMean", "f", "v", { axes: [1] }), node("Gemm", "v W", "s"))).toEqual([]);
    expect(heads(node("ReduceMean", "f unknown", "v"), node("Gemm", "v W", "s"))).toEqual([]);
    expect(heads(pool, node("Conv", "p W", "s", { group: 8 }))).toEqual([]);
  });
});

describe("the map of a class", () => {
  it("is relative to the mean of all classes", () => {
    const map = [1, 2, 3, 5, 0, 1]; // three classes, two places
    expect(ofClass(map, 3, 2, 1)).toEqual([3 - 4 / 3, 5 - 8 / 3]);
  });

  it("has the other sign for the first of two classes with one score", () => {
    expect(ofClass([1, -2], 1, 2, 1)).toEqual([1, -2]);
    expect(ofClass([1, -2], 1, 2, 0)).toEqual([-1, 2]);
  });
});
