/**
 * Nodes and outputs that are added to a model: as a second message that parsers merge with the first one (Protocol
 * Buffers, "Last One Wins": messages are merged, and lists are joined).
 */

/** A node with at most one attribute, a string. Names are strings of bytes. */
export interface AddedNode {
  operator: string;
  inputs: readonly string[];
  output: string;
  attribute?: readonly [name: string, value: string];
}

/** Field numbers of ONNX. */
const MODEL = { graph: 7 };
const GRAPH = { node: 1, output: 12 };
const NODE = { input: 1, output: 2, operator: 4, attribute: 5 };
const ATTRIBUTE = { name: 1, string: 4, type: 20 };
const [VALUE_NAME, STRING] = [1, 3];

/** The model with these nodes at its end, all of whose outputs are outputs of the graph. */
export function withNodes(model: Uint8Array, nodes: readonly AddedNode[]): Uint8Array<ArrayBuffer> {
  const graph = nodes.flatMap((node) => [
    ...message(GRAPH.node, [
      ...node.inputs.flatMap((name) => message(NODE.input, bytes(name))),
      ...message(NODE.output, bytes(node.output)),
      ...message(NODE.operator, bytes(node.operator)),
      ...(node.attribute ? message(NODE.attribute, attribute(...node.attribute)) : []),
    ]),
    ...message(GRAPH.output, message(VALUE_NAME, bytes(node.output))),
  ]);
  const added = Uint8Array.from(message(MODEL.graph, graph));
  const joined = new Uint8Array(model.length + added.length);
  joined.set(model);
  joined.set(added, model.length);
  return joined;
}

function attribute(name: string, value: string): number[] {
  return [
    ...message(ATTRIBUTE.name, bytes(name)),
    ...message(ATTRIBUTE.string, bytes(value)),
    ...varint(ATTRIBUTE.type << 3),
    STRING,
  ];
}

function message(field: number, content: readonly number[]): number[] {
  return [...varint((field << 3) | 2), ...varint(content.length), ...content];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function bytes(name: string): number[] {
  return Array.from(name, (char) => char.charCodeAt(0));
}
