/**
 * Finds a feature map whose mean over the picture goes through one linear layer: then the score of a class is the mean of
 * a map, which is the class-activation map (Zhou et al. 2016, "Learning deep features for discriminative localization").
 */
import type { GraphNode, Nodes } from "./nodes";

export interface LinearHead {
  /** The feature map and the weights of the linear layer. */
  features: string;
  weights: string;
  /** Sums their products over the channels: the map of each class. */
  equation: string;
  bias: string | null;
  /** The scores of the classes. */
  scores: string;
}

/** Operators between the mean and the linear layer that keep its numbers in their order. */
const NEUTRAL: ReadonlySet<string> = new Set(["Flatten", "Reshape", "Squeeze", "Identity", "Dropout"]);

/** All such feature maps; whether one of them leads to the answer is seen when it is computed. */
export function linearHeads(graph: Nodes): LinearHead[] {
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes)
    for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node]);
  return graph.nodes.flatMap((node) => {
    const layout = pooled(node, graph);
    const [features] = node.inputs;
    return layout ? followed(node.outputs[0]!, features!, layout, readers) : [];
  });
}

/** The layout of what a node reduces to means over the picture; null for another node. */
function pooled({ operator, inputs, attributes }: GraphNode, { integers }: Nodes): "nchw" | "nhwc" | null {
  if (operator === "GlobalAveragePool") return "nchw";
  if (operator !== "ReduceMean") return null;
  const axes = attributes.get("axes") ?? integers.get(inputs[1] ?? "");
  const sorted = Array.isArray(axes) ? [...(axes as number[])].sort((a, b) => a - b).join() : "";
  return sorted === "2,3" || sorted === "-2,-1"
    ? "nchw"
    : sorted === "1,2" || sorted === "-3,-2"
      ? "nhwc"
      : null;
}

function followed(
  name: string,
  features: string,
  layout: "nchw" | "nhwc",
  readers: ReadonlyMap<string, readonly GraphNode[]>,
): LinearHead[] {
  return (readers.get(name) ?? []).flatMap((node): LinearHead[] => {
    const [first, weights, bias] = node.inputs;
    const scores = node.outputs[0]!;
    if (first !== name || !scores) return [];
    if (NEUTRAL.has(node.operator)) return followed(scores, features, layout, readers);
    if (!weights) return [];
    const number = (key: string, usual: number) => (node.attributes.get(key) as number | undefined) ?? usual;
    if (node.operator === "Gemm") {
      if (number("transA", 0) !== 0 || number("alpha", 1) !== 1 || number("beta", 1) !== 1) return [];
      const equation = `${layout},${number("transB", 0) ? "kc" : "ck"}->nkhw`;
      return [{ features, weights, equation, bias: bias || null, scores }];
    }
    if (node.operator === "MatMul") {
      const head = { features, weights, equation: `${layout},ck->nkhw` };
      const added = (readers.get(scores) ?? []).filter(({ operator }) => operator === "Add");
      const sums = added.map(({ inputs, outputs }) => ({
        ...head,
        bias: inputs.find((input) => input !== scores) ?? null,
        scores: outputs[0]!,
      }));
      return [...sums, { ...head, bias: null, scores }];
    }
    if (node.operator === "Conv" && layout === "nchw" && number("group", 1) === 1)
      return [{ features, weights, equation: "nchw,kcij->nkhw", bias: bias || null, scores }];
    return [];
  });
}
