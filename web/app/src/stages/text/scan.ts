/** Tokenizes strings by an automaton, with one step for each character (spec/TEXT.md §4). */
import { SealiftError } from "../../errors";
import { CODE_POINTS, integer, INTEGERS, items, keys, LISTS, Malformed, ranges } from "../read";

const [MOST_STATES, MOST_CLASSES] = [1024, 64];
/** The entries that an automaton counts for, in addition to its numbers: a table of all of Unicode. */
const PER_AUTOMATON = 1 << 14;
const MOST_STEPS = 2 ** 24;

export type Split = (text: string) => string[];

/** The classes and states of an automaton. */
export interface Automaton {
  /** The class of each code point. */
  classOf: Uint8Array;
  /** The class of the beginning and of the end of a text. */
  last: number;
  table: Int32Array;
  starts: number[];
  cut: [number, number];
  entries: number;
}

/** Reads an automaton. Throws Malformed. */
export function automaton(raw: unknown): Automaton {
  const spec = keys(raw, ["classes", "starts", "next"], ["cut"]);
  const parts = items(spec["classes"], LISTS, MOST_CLASSES - 1);
  const classOf = new Uint8Array(CODE_POINTS);
  parts.forEach((part, number) => {
    for (const [start, end] of ranges(part)) {
      if (classOf.subarray(start, end).some(Boolean))
        throw new Malformed("a character must not be in two classes");
      classOf.fill(number + 1, start, end);
    }
  });
  const last = parts.length + 1; // the end of the text, or its beginning
  const width = last + 1;
  const rows = items(spec["next"], LISTS, MOST_STATES, 1).map((row) => items(row, INTEGERS, width, width));
  if (rows.some((row) => row.some((entry) => entry < 0 || entry > 2 * rows.length + 1)))
    throw new Malformed("a transition must lead to a known state");
  if (rows.some((row) => row[last]! > 1))
    throw new Malformed("a transition must not continue after the end of the string");
  const table = Int32Array.from(rows.flat());
  const starts = items(spec["starts"], INTEGERS, width, width);
  if (starts.some((state) => state < 0 || state >= rows.length))
    throw new Malformed("starts must be known states");
  const cut = items("cut" in spec ? spec["cut"] : [0, 0], INTEGERS, 2, 2).map((n) => integer(n, 0, 64)) as [
    number,
    number,
  ];
  return { classOf, last, table, starts, cut, entries: (rows.length + 1) * width + PER_AUTOMATON };
}

/** The spans of all matches in `count` characters with these classes, which `last` follows; null after too many steps. */
export function spansOf(
  { last, table, starts }: Automaton,
  codes: Uint8Array,
  count: number,
): [number, number][] | null {
  const width = last + 1;
  const matches: [number, number][] = [];
  let before = last;
  let steps = 0;
  for (let begin = 0; begin < count;) {
    let at = begin;
    let end = 0;
    let entry = table[starts[before]! * width + codes[at]!]!;
    while (entry > 1) {
      if (entry & 1) end = at;
      at++;
      entry = table[((entry >> 1) - 1) * width + codes[at]!]!;
    }
    if (entry) end = at;
    steps += at - begin;
    if (steps > MOST_STEPS) return null;
    if (end > begin) {
      matches.push([begin, end]);
      begin = end;
    } else {
      begin++;
    }
    before = codes[begin - 1]!;
  }
  return matches;
}

/** Finds all non-overlapping matches, from the left. Throws E207 for a string that takes too long. */
export function scanner(raw: unknown): { split: Split; entries: number } {
  const read = automaton(raw);
  const [head, tail] = read.cut;
  const split = (text: string) => {
    // The position of each character in UTF-16, and its class.
    const places = new Int32Array(text.length + 1);
    const codes = new Uint8Array(text.length + 1);
    let count = 0;
    for (let i = 0; i < text.length; count++) {
      const point = text.codePointAt(i)!;
      places[count] = i;
      codes[count] = read.classOf[point]!;
      i += point > 0xffff ? 2 : 1;
    }
    places[count] = text.length;
    codes[count] = read.last;
    const spans = spansOf(read, codes, count);
    if (!spans)
      throw new SealiftError(
        "E207",
        `A string of ${count} characters takes too long to split into words.`,
        "",
        "Leave the text out, or give it in smaller parts.",
      );
    return spans.map(([begin, end]) => {
      const [first, behind] = [begin + head, end - tail];
      return first < behind ? text.slice(places[first], places[behind]) : "";
    });
  };
  return { split, entries: read.entries };
}
