/** The nodes of a checked graph, as far as a pattern of them is recognised. Names are strings of bytes, as in the file. */
import { LIMITS } from "../../seal/graph/rules";
import { tensor, text } from "../../seal/graph/tensors";
import { Fields, integers, type Source } from "../../seal/graph/wire";

export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, number | readonly number[]>;
}

export interface Nodes {
  readonly nodes: readonly GraphNode[];
  /** The constants that are few whole numbers. */
  readonly integers: ReadonlyMap<string, readonly number[]>;
  /** All names of values. */
  readonly names: ReadonlySet<string>;
}

/** Reads the main graph of a model. */
export function nodesOf(data: Uint8Array): Nodes {
  const source: Source = { data, left: LIMITS.fields };
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const model = new Fields(source, [0, data.length], "ModelProto");
  const graph = new Fields(source, model.span("graph")!, "GraphProto");
  const constants = new Map<string, readonly number[]>();
  const names = new Set<string>();
  for (const span of graph.spans("initializer")) {
    const fields = new Fields(source, span, "TensorProto");
    const name = text(data, fields.span("name"));
    names.add(name);
    if (fields.has("external_data") || fields.has("data_location")) continue;
    const constant = tensor(source, span);
    if (constant.integers) constants.set(name, constant.integers);
  }
  const nodes = graph.spans("node").map((span): GraphNode => {
    const fields = new Fields(source, span, "NodeProto");
    const attributes = new Map<string, number | readonly number[]>();
    let constant: readonly number[] | null = null;
    for (const inner of fields.spans("attribute")) {
      const attribute = new Fields(source, inner, "AttributeProto");
      const name = text(data, attribute.span("name"));
      const [whole, float, held] = [attribute.int("i"), attribute.span("f"), attribute.span("t")];
      if (whole !== undefined) attributes.set(name, whole);
      else if (float) attributes.set(name, view.getFloat32(float[0], true));
      else if (held) constant = tensor(source, held).integers;
      else attributes.set(name, integers(source, attribute.runs("ints")));
    }
    const [inputs, outputs] = ["input", "output"].map((key) =>
      fields.spans(key).map((name) => text(data, name)),
    ) as [string[], string[]];
    for (const name of outputs) names.add(name);
    const operator = text(data, fields.span("op_type"));
    if (operator === "Constant" && constant && outputs[0]) constants.set(outputs[0], constant);
    return { operator, inputs, outputs, attributes };
  });
  for (const span of graph.spans("input"))
    names.add(text(data, new Fields(source, span, "ValueInfoProto").span("name")));
  return { nodes, integers: constants, names };
}
