/** The parts of ONNX that a sealed graph may use (spec/SEAL.md §7); the Python reader uses the same file. */
import raw from "../../../../../src/sealift/seal/graph/rules.json";

export interface FieldRule {
  name: string;
  kind: string;
  /** Whether this is the tag of a packed list. */
  packed: boolean;
}

/** Tag of a field → its rule. */
export type Schema = ReadonlyMap<number, FieldRule>;

const WIRE: Record<string, number> = { int: 0, ints: 0, float: 5, floats: 5, doubles: 1 };

function schema(fields: Record<string, string[]>): Schema {
  const rules = new Map<number, FieldRule>();
  for (const [number, [name, kind]] of Object.entries(fields) as [string, [string, string]][]) {
    const base = Number(number) << 3;
    if (kind === "refused") {
      for (const wire of [0, 1, 2, 5]) rules.set(base | wire, { name, kind, packed: false });
      continue;
    }
    rules.set(base | (WIRE[kind] ?? 2), { name, kind, packed: false });
    // Both encodings of a repeated number are valid.
    if (isList(kind)) rules.set(base | 2, { name, kind, packed: true });
  }
  return rules;
}

export function isList(kind: string): boolean {
  return kind === "ints" || kind === "floats" || kind === "doubles";
}

/** An own property, not an inherited one, because names in a graph may be any strings. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

export const LIMITS = raw.limits;
export const IR_VERSION = raw.ir_version as [number, number];
export const OPSETS = raw.opsets as unknown as Record<string, [number, number]>;
export const OPERATORS = raw.operators as Record<string, Record<string, Record<string, string>>>;
export const ATTRIBUTES = raw.attributes as unknown as Record<string, [number, string]>;
export const SIZES = raw.sizes as Record<string, { inputs?: number[]; attributes?: string[] }>;
export const RESTORING: ReadonlySet<string> = new Set(raw.restoring);
export const ELEMENTS: ReadonlySet<number> = new Set(Object.values(raw.elements));
export const SCHEMAS: Readonly<Record<string, Schema>> = Object.fromEntries(
  Object.entries(raw.messages as unknown as Record<string, Record<string, string[]>>).map(
    ([name, fields]) => [name, schema(fields)],
  ),
);
