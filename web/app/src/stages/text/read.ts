/** Checked access to the JSON of a stage from an untrusted file (spec/TEXT.md). What is wrong is a Malformed. */
import { isObject } from "../../seal/json";

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
  if (
    !isObject(raw) ||
    required.some((key) => !Object.hasOwn(raw, key)) ||
    Object.keys(raw).some((key) => !required.includes(key) && !optional.includes(key))
  )
    throw new Malformed(`an object must have the keys ${required.join(", ")}`);
  return raw;
}

/** A list of `least` to `most` entries, each checked. */
export function items<T>(raw: unknown, check: (item: unknown) => item is T, most: number, least = 0): T[] {
  if (!Array.isArray(raw) || raw.length < least || raw.length > most)
    throw new Malformed(`a list must have ${least} to ${most} entries`);
  if (!(raw as unknown[]).every(check)) throw new Malformed("a list holds something of another type");
  return raw as T[];
}

export const isInteger = (item: unknown): item is number => Number.isSafeInteger(item);
export const isText = (item: unknown): item is string => typeof item === "string";
export const isList = (item: unknown): item is unknown[] => Array.isArray(item);

export function integer(raw: unknown, low: number, high: number): number {
  if (!isInteger(raw) || raw < low || raw > high)
    throw new Malformed(`a number must be whole and from ${low} to ${high}`);
  return raw;
}

export function flag(raw: unknown): boolean {
  if (typeof raw !== "boolean") throw new Malformed("something must be true or false");
  return raw;
}

/** A text of at most `most` characters, none of them half of a surrogate pair. */
export function text(raw: unknown, most: number): string {
  if (!isText(raw) || [...raw].length > most)
    throw new Malformed(`a text must have ${most} characters at most`);
  if (/\p{Surrogate}/u.test(raw)) throw new Malformed("a text has half of a surrogate pair");
  return raw;
}

/** A set of characters: pairs (first, after the last), ascending, out of alternating gaps and lengths. */
export function ranges(raw: unknown): [number, number][] {
  const flat = items(raw, isInteger, 2 * MOST_RANGES);
  if (flat.length % 2) throw new Malformed("a set of characters must alternate gaps and lengths");
  const found: [number, number][] = [];
  let at = 0;
  for (let i = 0; i < flat.length; i += 2) {
    const start = at + flat[i]!;
    const end = start + flat[i + 1]!;
    if (flat[i]! < (i ? 1 : 0) || end <= start || end > CODE_POINTS)
      throw new Malformed("a set of characters is not ascending, or leaves Unicode");
    found.push([start, end]);
    at = end;
  }
  return found;
}
