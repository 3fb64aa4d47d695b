/**
 * Checked access to the JSON of a contract, which may come from an untrusted file. Throws E106, with the messages of
 * contract/parts.py (spec/vectors/contracts.json).
 */
import { SealiftError } from "../../errors";
import { canonical, isObject } from "../../seal/json";
import { withoutMarks } from "../marks";

type Json = Record<string, unknown>;

/** The maximum number of characters of a name, title or unit, and of any other string (spec/CONTRACT.md §1). */
export const LONGEST_TEXT = 1 << 12;
export const LONGEST_DESCRIPTION = 1 << 16;

/** An object that has all required keys, and no others than these and the optional ones. */
export function checkedKeys(
  raw: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
  where = "",
): Json {
  if (!isObject(raw)) throw malformed("it must be an object", where);
  const [missing] = required.filter((key) => !Object.hasOwn(raw, key)).sort();
  if (missing !== undefined) throw malformed(`the key ${jsonText(missing)} is missing`, where);
  const [unknown] = Object.keys(raw)
    .filter((key) => !required.includes(key) && !optional.includes(key))
    .sort();
  if (unknown !== undefined) throw malformed(`the key ${jsonText(unknown)} is not known`, where);
  return raw;
}

/** The value under a key, or the default where the key is absent; null is a value. */
export function given(raw: Json, key: string, fallback: unknown): unknown {
  return Object.hasOwn(raw, key) ? raw[key] : fallback;
}

/** The list under a key; null where the key is absent or null. */
export function optionalList(raw: Json, key: string, where: string): unknown[] | null {
  const value = raw[key] ?? null;
  if (value !== null && !Array.isArray(value)) throw malformed(`${key} must be a list`, where);
  return value;
}

/** A string of at most `most` characters; `called` is its name in messages. */
export function text(raw: unknown, called: string, where = "", most = LONGEST_TEXT): string {
  if (typeof raw !== "string" || isLonger(raw, most))
    throw malformed(`${called} must be a string of at most ${most} characters`, where);
  return raw;
}

/** A string that is only displayed, without the characters that change the reading direction. */
export function prose(raw: unknown, called: string, where = "", most = LONGEST_TEXT): string {
  return withoutMarks(text(raw, called, where, most));
}

/** The strings that inputs and outputs have in common. */
export function texts(
  raw: Json,
  where: string,
): { name: string; title: string; units: string; description: string } {
  if (typeof raw["name"] !== "string" || !raw["name"])
    throw malformed("the name must be a non-empty string", where);
  return {
    name: text(raw["name"], "the name", where),
    description: prose(given(raw, "description", ""), "the description", where, LONGEST_DESCRIPTION),
    title: prose(given(raw, "title", ""), "the title", where),
    units: prose(given(raw, "units", ""), "the units", where),
  };
}

/** Whether names are non-empty, unique strings. */
export function areDistinct(names: readonly unknown[]): names is string[] {
  return (
    names.every((name) => typeof name === "string" && name !== "") && new Set(names).size === names.length
  );
}

/** The first value that occurred before; undefined if there is none. */
export function duplicate<T>(values: readonly T[]): T | undefined {
  const seen = new Set<T>();
  return values.find((value) => seen.size === seen.add(value).size);
}

/** Whether a value is a string of more than `most` code points. */
export function isLonger(value: unknown, most: number): boolean {
  if (typeof value !== "string") return false;
  return value.length > most && (value.length > 2 * most || [...value].length > most);
}

/** A value for messages: its first 80 characters as JSON. */
export function jsonText(value: unknown): string {
  return [...canonical(value).slice(0, 160)].slice(0, 80).join("");
}

export function malformed(what: string, where = ""): SealiftError {
  return new SealiftError(
    "E106",
    `The contract is malformed: ${what}.`,
    where,
    "See §1 of `sealift docs spec/CONTRACT`.",
  );
}
