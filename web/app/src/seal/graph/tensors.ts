/** Tensors and types in a graph: permitted element types, dimensions that fit the data, nothing outside the file. */
import { exceeded, malformed, refused, shown } from "./refusal";
import { ELEMENTS, LIMITS } from "./rules";
import { Fields, integers, length, type Source, type Span } from "./wire";

const [INT32, INT64, STRING] = [6, 7, 8];
/** Bytes of an element in raw_data; strings have none. */
const SIZES: Record<number, number> = {
  ...{ 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2 },
};
/** The field with the elements if raw_data is not used, by element type; int32_data for all others. */
const FIELDS: Record<number, string> = {
  ...{ 1: "float_data", 7: "int64_data", 8: "string_data", 11: "double_data" },
  ...{ 12: "uint64_data", 13: "uint64_data" },
};
const KINDS: Record<string, string> = { float_data: "floats", double_data: "doubles" };
const DATA = [
  "float_data",
  "int32_data",
  "int64_data",
  "string_data",
  "double_data",
  "uint64_data",
  "raw_data",
];
export const FEW = 64;
/** Element types of weights outside the graph. */
const WEIGHTS = new Set([1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13]);
const EXTERNAL = 1; // of onnx.TensorProto.DataLocation
const WEIGHT_NAME = /^weights\/[0-9a-f]{64}$/;

/** The size in bytes of each member that may contain the elements of a constant, by its name. */
export type Sizes = ReadonlyMap<string, number>;

/** An input or output of a graph: the code of its element type, and its dimensions; null is a free one. */
export interface Port {
  element: number;
  shape: (number | null)[] | null;
}

/** A constant: its name, and its elements if they are at most 64 whole numbers of 32 or 64 bits. */
export interface Constant {
  name: string;
  integers: number[] | null;
  /** The member with its elements, if they are outside the graph. */
  weight?: string;
}

/** `weights` is null if no member may contain the elements of this tensor. */
export function tensor(source: Source, span: Span, weights: Sizes | null = null): Constant {
  const { data } = source;
  const fields = new Fields(source, span, "TensorProto");
  const name = text(data, fields.span("name"));
  const element = fields.int("data_type") ?? 0;
  checkElement(element);
  if (length(fields.runs("dims"), "ints") > LIMITS.dimensions)
    throw exceeded(`a tensor has more than ${LIMITS.dimensions} dimensions`);
  const dims = integers(source, fields.runs("dims"));
  if (dims.some((size) => size < 0)) throw malformed("a tensor has a negative dimension");
  const count = dims.includes(0) ? 0 : dims.reduce((a, b) => a * b, 1);
  const held = DATA.filter((field) => fields.has(field));
  if (fields.has("external_data") || fields.has("data_location")) {
    const member = memberOf(source, fields, weights);
    const isRight = held.length === 0 && WEIGHTS.has(element);
    if (!isRight || weights!.get(member) !== count * SIZES[element]!)
      throw malformed(`the tensor ${shown(name)} has another type or other dimensions than its weights`);
    return { name, integers: null, weight: member };
  }
  const wanted = FIELDS[element] ?? "int32_data";
  const [field] = held;
  if (
    held.length > 1 ||
    (field && field !== "raw_data" && field !== wanted) ||
    (field === "raw_data" && element === STRING)
  )
    throw malformed(`the tensor ${shown(name)} has its data in another field than its type requires`);
  if (!fits(fields, field, count, element))
    throw malformed(`the tensor ${shown(name)} has other dimensions than its data`);
  if ((element !== INT32 && element !== INT64) || count > FEW) return { name, integers: null };
  return { name, integers: values(source, fields, count, element) };
}

/** The member that a tensor refers to as its data. Throws E208 for any other location. */
function memberOf(source: Source, fields: Fields, weights: Sizes | null): string {
  const entries = fields
    .spans("external_data")
    .map((span) => new Fields(source, span, "StringStringEntryProto"));
  const [entry] = entries;
  if (entry && entries.length === 1 && fields.int("data_location") === EXTERNAL) {
    const [key, value] = [text(source.data, entry.span("key")), text(source.data, entry.span("value"))];
    if (key === "location" && WEIGHT_NAME.test(value) && weights?.has(value)) return value;
  }
  throw refused("a tensor whose data stand outside the file, in any file of this computer");
}

/** A ValueInfoProto: its name and type. */
export function port(source: Source, span: Span, required: boolean): [string, Port | null] {
  const value = new Fields(source, span, "ValueInfoProto");
  const name = text(source.data, value.span("name"));
  const type = value.span("type");
  if (!type) {
    if (required) throw malformed(`${shown(name)} has no type`);
    return [name, null];
  }
  const kind = new Fields(source, type, "TypeProto").span("tensor_type");
  if (!kind) throw malformed(`${shown(name)} has no type`);
  const declared = new Fields(source, kind, "TypeProto.Tensor");
  const element = declared.int("elem_type") ?? 0;
  checkElement(element);
  const shape = declared.span("shape");
  if (!shape) return [name, { element, shape: null }];
  const dims = new Fields(source, shape, "TensorShapeProto").spans("dim");
  if (dims.length > LIMITS.dimensions)
    throw exceeded(`${shown(name)} has more than ${LIMITS.dimensions} dimensions`);
  const sizes = dims.map(
    (dim) => new Fields(source, dim, "TensorShapeProto.Dimension").int("dim_value") ?? null,
  );
  if (sizes.some((size) => size !== null && size < 0))
    throw malformed(`${shown(name)} has a negative dimension`);
  return [name, { element, shape: sizes }];
}

/** The bytes of a field as characters, one for each byte; empty if it is absent. */
export function text(data: Uint8Array, span: Span | undefined): string {
  if (!span) return "";
  let letters = "";
  for (let at = span[0]; at < span[1]; at++) letters += String.fromCharCode(data[at]!);
  return letters;
}

export function checkElement(element: number): void {
  if (!ELEMENTS.has(element)) throw refused(`the element type ${element}`);
}

/** Whether the data has as many elements as the dimensions, so that no small file declares a large tensor. */
function fits(fields: Fields, field: string | undefined, count: number, element: number): boolean {
  if (field === undefined) return count === 0;
  if (field === "raw_data") {
    const [start, end] = fields.span(field)!;
    return end - start === count * SIZES[element]!;
  }
  if (field === "string_data") return fields.spans(field).length === count;
  const kind = KINDS[field] ?? "ints";
  // Whole numbers are not counted one by one: each has at least one byte.
  const most = length(fields.runs(field), kind);
  return kind === "ints" ? most >= count : most === count;
}

function values(source: Source, fields: Fields, count: number, element: number): number[] {
  const { data } = source;
  const raw = fields.span("raw_data");
  if (raw) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const size = SIZES[element]!;
    return Array.from({ length: count }, (_, i) => {
      const at = raw[0] + i * size;
      return element === INT64 ? Number(view.getBigInt64(at, true)) : view.getInt32(at, true);
    });
  }
  const runs = fields.runs(FIELDS[element] ?? "int32_data");
  const values = length(runs, "ints") > 10 * count ? [] : integers(source, runs);
  if (values.length !== count) throw malformed("a tensor has other dimensions than its data");
  return values;
}
