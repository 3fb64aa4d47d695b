/** Checks that a graph uses only what the format permits (spec/SEAL.md §7; src/sealift/seal/graph/walk.py). */
import { exceeded, malformed, refused, shown } from "./refusal";
import { ATTRIBUTES, IR_VERSION, LIMITS, OPERATORS, OPSETS, own, RESTORING, SIZES } from "./rules";
import { checkElement, FEW, port, tensor, text, type Constant, type Port, type Sizes } from "./tensors";
import { Fields, integers, length, type Source, type Span } from "./wire";

/** ONNX Runtime reads options of the session from another key. */
const METADATA = "sealift.contract";
const VALUES = ["f", "i", "s", "t", "g", "floats", "ints", "strings"];
const TYPES = new Set(["to", "dtype"]);

export interface GraphInfo {
  inputs: Map<string, Port>;
  outputs: Map<string, Port>;
  /** Domain → operator set. */
  opsets: Map<string, number>;
}

/** Throws E205 for malformed bytes, E208 for a part that is not permitted, E203 beyond a limit. */
export function checkGraph(data: Uint8Array, weights: Sizes = new Map()): GraphInfo {
  const source: Source = { data, left: LIMITS.fields };
  const walk = new Walk(source, weights);
  const fields = new Fields(source, [0, data.length], "ModelProto");
  const [least, most] = IR_VERSION;
  const version = fields.int("ir_version") ?? 0;
  if (version < least || version > most)
    throw refused(`an IR version that is not between ${least} and ${most}`);
  const opsets = walk.opsets(fields.spans("opset_import"));
  for (const span of fields.spans("metadata_props")) {
    const key = text(data, new Fields(source, span, "StringStringEntryProto").span("key"));
    if (key !== METADATA) throw refused(`the metadata ${shown(key)}`);
  }
  const graph = fields.span("graph");
  if (!graph) throw malformed("it has no graph");
  const [inputs, outputs] = walk.graph(graph);
  for (const member of weights.keys())
    if (!walk.used.has(member)) throw malformed(`no tensor has its data in '${member}'`);
  return { inputs: byName(inputs), outputs: byName(outputs), opsets };
}

/** A name in scope: the nesting depth of the graph that defines it, and what is known about it. */
interface Value {
  depth: number;
  constant: Constant | null;
}

type Ports = [string, Port | null][];

class Walk {
  private readonly scope = new Map<string, Value>();
  private turns = 1;
  /** Weights that a node converts, and the results. */
  private readonly restored = new Set<string>();
  /** For the outer graphs and the current one: whether it reads what an outer one computes from the inputs. */
  private readonly depends: boolean[] = [];

  private readonly data: Uint8Array;

  /** The members that contain elements of constants. */
  readonly used = new Set<string>();

  constructor(
    private readonly source: Source,
    private readonly weights: Sizes,
  ) {
    this.data = source.data;
  }

  opsets(spans: readonly Span[]): Map<string, number> {
    const opsets = new Map<string, number>();
    for (const span of spans) {
      const fields = new Fields(this.source, span, "OperatorSetIdProto");
      const domain = text(this.data, fields.span("domain"));
      const permitted = own(OPSETS, domain);
      const version = fields.int("version") ?? 0;
      if (!permitted) throw refused(`the operator set ${shown(domain)}`);
      if (version < permitted[0] || version > permitted[1])
        throw refused(`version ${version} of the operator set ${shown(domain)}`);
      if (opsets.has(domain)) throw malformed(`the operator set ${shown(domain)} is imported twice`);
      opsets.set(domain, version);
    }
    return opsets;
  }

  /** Checks a graph, whose names are in scope until its end; returns its inputs and outputs. */
  graph(span: Span): [Ports, Ports] {
    const depth = this.depends.length;
    if (depth > LIMITS.depth) throw exceeded(`graphs are nested more than ${LIMITS.depth} deep`);
    this.depends.push(false);
    const fields = new Fields(this.source, span, "GraphProto");
    const defined: string[] = [];
    const define = (name: string, constant: Constant | null) => {
      if (this.scope.has(name)) throw malformed(`the name ${shown(name)} is defined twice`);
      this.scope.set(name, { depth, constant });
      defined.push(name);
    };
    for (const inner of fields.spans("initializer")) {
      const constant = tensor(this.source, inner, depth === 0 ? this.weights : null);
      define(constant.name, constant);
      if (constant.weight !== undefined) {
        utf8(constant.name);
        this.used.add(constant.weight);
      }
    }
    const inputs = fields.spans("input").map((inner) => port(this.source, inner, depth === 0));
    for (const [name] of inputs) define(name, null);
    for (const inner of fields.spans("value_info")) port(this.source, inner, false);
    for (const inner of fields.spans("node")) {
      const [outputs, known] = this.node(inner);
      for (const name of outputs) if (name) define(name, known);
    }
    const outputs = fields.spans("output").map((inner) => port(this.source, inner, depth === 0));
    for (const [name] of outputs) this.read(name);
    for (const name of defined) this.scope.delete(name);
    return [inputs, outputs];
  }

  /** What is known about a name. */
  private read(name: string): Constant | null {
    const value = this.scope.get(name);
    if (!value) throw malformed(`${shown(name)} is read before it is defined`);
    if (!value.constant) this.depends.fill(true, value.depth + 1);
    return value.constant;
  }

  /** Checks a node; returns the names of its outputs, and their constant if it passes one on. */
  private node(span: Span): [string[], Constant | null] {
    const fields = new Fields(this.source, span, "NodeProto");
    const [operator, domain] = [
      text(this.data, fields.span("op_type")),
      text(this.data, fields.span("domain")),
    ];
    const operators = own(OPERATORS, domain);
    if (!operators) throw refused(`an operator of the domain ${shown(domain)}`);
    const permitted = own(operators, operator);
    if (!permitted) throw refused(`the operator ${shown(operator)}`);
    const names = fields.spans("input").map((name) => text(this.data, name));
    const inputs = names.map((name) => (name ? this.read(name) : null));
    const fixed = names.every((name, i) => !name || inputs[i]);
    const turns = operator === "Loop" ? this.tripCount(inputs[0]) : 1;
    for (const at of own(SIZES, operator)?.inputs ?? []) {
      const known = inputs[at];
      if (known) checkSize(operator, known.integers);
    }
    this.turns *= turns;
    let [constant, depends] = this.attributes(operator, permitted, fields.spans("attribute"));
    this.turns /= turns;
    const outputs = fields.spans("output").map((name) => text(this.data, name));
    if (fixed && !depends) {
      if (operator === "Identity" && inputs.length > 0) constant = inputs[0] ?? null;
      else if (!constant && this.restores(operator, inputs[0], outputs))
        constant = { name: outputs[0]!, integers: null };
      else if (!constant)
        throw refused(`the operator ${operator} on constants only, computed while the file is opened`);
    }
    return [outputs, constant];
  }

  /** Whether a node of the main graph converts a weight that is stored in fewer bits, and no other node does. */
  private restores(operator: string, stored: Constant | null | undefined, outputs: string[]): boolean {
    if (!RESTORING.has(operator) || this.depends.length > 1 || !stored || outputs.length !== 1) return false;
    if (!stored.name || this.restored.has(stored.name)) return false;
    this.restored.add(stored.name).add(outputs[0]!);
    return true;
  }

  /** The iterations of a loop, at least 1. */
  private tripCount(known: Constant | null | undefined): number {
    const [count, ...others] = known?.integers ?? [];
    if (count === undefined || others.length > 0 || count < 0)
      throw refused("a Loop whose number of turns is not a constant");
    const turns = Math.max(count, 1);
    if (turns * this.turns > LIMITS.turns)
      throw exceeded(`a Loop of more than ${LIMITS.turns} turns, those of the loops around it included`);
    return turns;
  }

  /** Checks a node's attributes; returns the constant of a `Constant`, and whether a subgraph depends on the inputs. */
  private attributes(
    operator: string,
    permitted: Readonly<Record<string, string>>,
    spans: readonly Span[],
  ): [Constant | null, boolean] {
    const seen = new Set<string>();
    let constant: Constant | null = null;
    let depends = false;
    let last: Fields | null = null;
    const sizes = own(SIZES, operator)?.attributes ?? [];
    for (const span of spans) {
      const fields = new Fields(this.source, span, "AttributeProto");
      last = fields;
      const name = text(this.data, fields.span("name"));
      const kind = own(permitted, name);
      if (!kind) throw refused(`the attribute ${shown(name)} of ${operator}`);
      if (seen.has(name)) throw malformed(`the attribute ${name} of ${operator} occurs twice`);
      seen.add(name);
      const [code, field] = ATTRIBUTES[kind]!;
      if (fields.int("type") !== code || VALUES.some((other) => other !== field && fields.has(other)))
        throw malformed(`the attribute ${name} of ${operator} is of another type`);
      if (kind === "graph") {
        this.graph(needed(fields.span(field), name, operator));
        depends = this.depends.pop()! || depends;
      } else if (kind === "tensor")
        constant = tensor(this.source, needed(fields.span(field), name, operator));
      else if (sizes.includes(name)) {
        const runs = fields.runs(field);
        if (length(runs, "ints") > FEW * 10)
          throw exceeded(`the attribute ${name} of ${operator} has more than ${FEW} numbers`);
        checkSize(operator, integers(this.source, runs));
      } else if (TYPES.has(name) && kind === "int") checkElement(fields.int(field) ?? 0);
    }
    if (operator !== "Constant") return [null, depends];
    if (seen.size !== 1 || !last) throw malformed("a Constant has no value, or several");
    return [constant ?? this.plain(last), depends];
  }

  /** The constant of a `Constant` that has no tensor. */
  private plain(fields: Fields): Constant {
    const value = fields.int("i");
    if (value !== undefined) return { name: "", integers: [value] };
    const runs = fields.runs("ints");
    const count = length(runs, "ints");
    return { name: "", integers: count > 0 && count <= FEW ? integers(this.source, runs) : null };
  }
}

function needed(span: Span | undefined, name: string, operator: string): Span {
  if (!span) throw malformed(`the attribute ${name} of ${operator} has no value`);
  return span;
}

function checkSize(operator: string, sizes: readonly number[] | null): void {
  const size = sizes?.reduce((product, one) => product * Math.max(Math.abs(one), 1), 1) ?? Infinity;
  if (size > LIMITS.elements)
    throw exceeded(`${operator} with a constant size of more than ${LIMITS.elements} elements`);
}

function byName(ports: Ports): Map<string, Port> {
  const named = new Map<string, Port>();
  for (const [name, known] of ports) if (known) named.set(utf8(name), known);
  return named;
}

function utf8(name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(name, (character) => character.charCodeAt(0)),
    );
  } catch {
    throw malformed(`the name ${shown(name)} is not UTF-8`);
  }
}
