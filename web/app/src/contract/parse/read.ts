/** Checked access to the JSON of a contract from an untrusted file. What is wrong is E106. */
import { SealiftError } from "../../errors";
import type { Scalar } from "../contract";
import { withoutMarks } from "../marks";

/** The limits of texts of spec/CONTRACT.md §1. */
const LONGEST_TEXT = 1 << 12;
export const LONGEST_DESCRIPTION = 1 << 16;

/** The value under a key, or the default where the key is absent; null is a value. */
export function given(raw: Record<string, unknown>, key: string, fallback: unknown): unknown {
  return Object.hasOwn(raw, key) ? raw[key] : fallback;
}

export function list(raw: unknown, where: string, most = Infinity): unknown[] {
  if (!Array.isArray(raw)) throw malformed("a list is missing", where);
  if (raw.length > most) throw malformed(`it has ${raw.length} ${where}, ${most} are allowed`);
  return raw as unknown[];
}

/** Text for people alone, without the marks that turn the reading direction of what stands around it. */
export function prose(raw: unknown, where: string, most = LONGEST_TEXT): string {
  return withoutMarks(text(raw, where, most));
}

export function text(raw: unknown, where: string, most = LONGEST_TEXT): string {
  if (typeof raw !== "string") throw malformed("a text is missing", where);
  if (isLonger(raw, most)) throw malformed(`a text has more than ${most} characters`, where);
  return raw;
}

export function distinctTexts(raw: unknown, where: string): string[] {
  const names = list(raw, where).map((name) => text(name, where));
  if (names.includes("") || new Set(names).size !== names.length)
    throw malformed("a name is empty or stands twice", where);
  return names;
}

export function scalar(raw: unknown, where: string): Scalar {
  if (typeof raw === "string" && isLonger(raw, LONGEST_DESCRIPTION))
    throw malformed(`a value has more than ${LONGEST_DESCRIPTION} characters`, where);
  if (typeof raw === "string" || typeof raw === "boolean" || typeof raw === "number") return raw;
  throw malformed("a value is no text, number or boolean", where);
}

/** Whether a text has more than `most` code points. */
function isLonger(value: string, most: number): boolean {
  return value.length > most && (value.length > 2 * most || [...value].length > most);
}

export function malformed(what: string, where = ""): SealiftError {
  return new SealiftError(
    "E106",
    `The contract is malformed: ${what}.`,
    where,
    "`sealift docs spec/CONTRACT` says in §1 what may stand there.",
  );
}
