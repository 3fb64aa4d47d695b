/**
 * Checked access to the JSON of a stage, which may come from an untrusted file. Throws Malformed, with the messages of
 * stages/read.py (spec/vectors).
 */
import { jsonText } from "../contract/parse/read";
import { isObject } from "../seal/json";

/** The number of code points. */
export const CODE_POINTS = 0x110000;
const MOST_RANGES = 4096;

export class Malformed extends Error {}

/** An object with the required keys, and no others than these and the optional ones. */
export function keys(
  raw: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (!isObject(raw))
    throw new Malformed(`an object with the keys ${[...required].sort().join(", ")} is required`);
  const [missing] = required.filter((key) => !Object.hasOwn(raw, key)).sort();
  if (missing !== undefined) throw new Malformed(`the key ${jsonText(missing)} is missing`);
  const [unknown] = Object.keys(raw)
    .filter((key) => !required.includes(key) && !optional.includes(key))
    .sort();
  if (unknown !== undefined) throw new Malformed(`the key ${jsonText(unknown)} is not known`);
  return raw;
}

/** A type of the entries of a list, with its name for messages. */
interface Entries<T> {
  name: string;
  fits: (item: unknown) => item is T;
}

export const INTEGERS: Entries<number> = { name: "integers", fits: isInteger };
export const STRINGS: Entries<string> = { name: "strings", fits: (item) => typeof item === "string" };
export const LISTS: Entries<unknown[]> = { name: "lists", fits: (item) => Array.isArray(item) };
export const OBJECTS: Entries<Record<string, unknown>> = { name: "objects", fits: isObject };

/** A list of `least` to `most` entries of one type. */
export function items<T>(raw: unknown, { name, fits }: Entries<T>, most: number, least = 0): T[] {
  if (!Array.isArray(raw) || raw.length < least || raw.length > most)
    throw new Malformed(`a list must have ${least} to ${most} entries`);
  if (!(raw as unknown[]).every(fits)) throw new Malformed(`a list must contain only ${name}`);
  return raw as T[];
}

function isInteger(item: unknown): item is number {
  return Number.isSafeInteger(item);
}

/** A whole number from `low` to `high`. */
export function integer(raw: unknown, low: number, high: number): number {
  if (!isInteger(raw) || raw < low || raw > high)
    throw new Malformed(`a number must be whole and from ${low} to ${high}`);
  return raw;
}

/** True or false; `name` is its key, for the message. */
export function flag(raw: unknown, name: string): boolean {
  if (typeof raw !== "boolean") throw new Malformed(`${name} must be true or false`);
  return raw;
}

/** A string of at most `most` characters, without unpaired surrogates. */
export function text(raw: unknown, most: number): string {
  if (typeof raw !== "string" || [...raw].length > most)
    throw new Malformed(`a string must have at most ${most} characters`);
  if (!raw.isWellFormed()) throw new Malformed("a string must not have an unpaired surrogate");
  return raw;
}

/** A set of code points as ascending pairs (first, last + 1), from alternating gaps and lengths. */
export function ranges(raw: unknown): [number, number][] {
  const flat = items(raw, INTEGERS, 2 * MOST_RANGES);
  if (flat.length % 2) throw new Malformed("a set of characters must alternate gaps and lengths");
  const ranges: [number, number][] = [];
  let at = 0;
  for (let i = 0; i < flat.length; i += 2) {
    const start = at + flat[i]!;
    const end = start + flat[i + 1]!;
    if (flat[i]! < (i ? 1 : 0) || end <= start || end > CODE_POINTS)
      throw new Malformed("a set of characters must be ascending and within Unicode");
    ranges.push([start, end]);
    at = end;
  }
  return ranges;
}
