/** Arrays of golden examples and background rows, outside the JSON (spec/SEAL.md §6). */
import { isObject } from "./json";
import { ARRAY, tooMuch } from "./layout";

/** The size of an element in bytes, and a function that reads one, by the name of the element type. */
const ELEMENTS: ReadonlyMap<unknown, readonly [number, (view: DataView, at: number) => number]> = new Map([
  ["uint8", [1, (view, at) => view.getUint8(at)]],
  ["float32", [4, (view, at) => view.getFloat32(at, true)]],
  ["float64", [8, (view, at) => view.getFloat64(at, true)]],
]);
const MOST_AXES = 9;
/** In all references of a member together. */
const MOST_NUMBERS = 2 ** 25;

export type Nested = number | Nested[];

/** The array of a reference, as nested lists; undefined for another shape. Throws an Error where it is malformed. */
export function readArray(
  reference: unknown,
  wanted: readonly number[],
  members: ReadonlyMap<string, Uint8Array>,
): Nested[] | undefined {
  if (!isObject(reference) || Object.keys(reference).sort().join() !== "dtype,member,shape")
    throw new Error("a reference to an array must have dtype, member and shape");
  const { dtype, member, shape } = reference;
  const element = ELEMENTS.get(dtype);
  if (!element) throw new Error(`the dtype of an array must be one of ${[...ELEMENTS.keys()].join(", ")}`);
  if (!isShape(shape))
    throw new Error(`the shape of an array must be a list of 1 to ${MOST_AXES} integers from 1 to 2^31 - 1`);
  const bytes = typeof member === "string" && member.startsWith(ARRAY) ? members.get(member) : undefined;
  if (!bytes) throw new Error("the member with the elements of an array is missing");
  const [size, read] = element;
  if (bytes.length !== product(shape) * size)
    throw new Error("the member with the elements of an array has another size than its shape and dtype");
  if (shape.join() !== wanted.join()) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const nested = (axis: number): Nested => {
    if (axis === shape.length) return read(view, (at += size) - size);
    return Array.from({ length: shape[axis]! }, () => nested(axis + 1));
  };
  return nested(0) as Nested[];
}

/** The members that golden examples or background rows refer to, which may be malformed. */
export function referenced(value: unknown): string[] {
  return references(value)
    .map((one) => one["member"])
    .filter((name) => typeof name === "string");
}

/** Throws E203 where golden examples refer to too many numbers; one member may be referred to often. */
export function checkCount(value: unknown): void {
  const shapes = references(value).map((one) => one["shape"]);
  const count = shapes.filter(isShape).reduce((sum, shape) => sum + product(shape), 0);
  if (count > MOST_NUMBERS)
    throw tooMuch(`its examples refer to arrays of ${count} numbers, ${MOST_NUMBERS} are allowed`);
}

function references(value: unknown): Record<string, unknown>[] {
  if (!isObject(value)) return [];
  const groups = [value["arrays"], value["answers"]].filter(isObject);
  return groups.flatMap((group) => Object.values(group)).filter(isObject);
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.length > 0 && shape.length <= MOST_AXES && shape.every(isSize);
}

function isSize(size: unknown): boolean {
  return typeof size === "number" && Number.isInteger(size) && size >= 1 && size < 2 ** 31;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
