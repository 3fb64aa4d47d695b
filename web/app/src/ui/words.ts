/** Which words an answer depends on: each word is left out once, and the answers are compared. */
import type { Value } from "../contract/contract";
import type { Answer } from "../engine/protocol";

/** The maximum number of parts that are left out; in longer texts a part has several words. */
const MOST_PARTS = 120;

export interface Part {
  text: string;
  /** By how much the answer falls if the part is left out, as a share of the largest change: -1 to 1. */
  share: number;
}

/** A text in parts that together are the text, each with one or more words and the white space behind them. */
export function partsOf(text: string): string[] {
  const words = text.match(/\s*\S+\s*/gu) ?? [];
  const size = Math.max(1, Math.ceil(words.length / MOST_PARTS));
  return Array.from({ length: Math.ceil(words.length / size) }, (_, i) =>
    words.slice(i * size, (i + 1) * size).join(""),
  );
}

/** The row, and a row without each part of the text. */
export function rowsWithout(row: readonly Value[], field: number, parts: readonly string[]): Value[][] {
  const without = parts.map((_, i) =>
    row.map((value, at) => (at === field ? parts.filter((__, other) => other !== i).join("") : value)),
  );
  return [[...row], ...without];
}

/**
 * The parts with their shares, from the answers to `rowsWithout`: of the largest of several numbers, such as that of the
 * predicted class, else of the first output with a number. Null if there is none.
 */
export function influence(
  answers: readonly Answer[],
  parts: readonly string[],
): { parts: Part[]; largest: number } | null {
  const several = answers.find(({ width, data }) => width !== null && typeof data[0] === "number");
  const answer = several ?? answers.find(({ data }) => typeof data[0] === "number");
  if (!answer) return null;
  const rows = parts.length + 1;
  const width = answer.data.length / rows;
  const first = answer.data.slice(0, width) as number[];
  const place = several ? first.indexOf(Math.max(...first)) : 0;
  const changes = parts.map((_, i) => first[place]! - (answer.data[(i + 1) * width + place] as number));
  const largest = Math.max(...changes.map(Math.abs), 0);
  return {
    parts: parts.map((text, i) => ({ text, share: largest > 0 ? changes[i]! / largest : 0 })),
    largest,
  };
}
