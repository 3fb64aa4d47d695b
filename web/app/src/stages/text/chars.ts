/** Maps characters: lower case and accents by the stage's own tables (spec/TEXT.md §3). */
import { CODE_POINTS, flag, INTEGERS, items, keys, Malformed, ranges } from "../read";
import { isObject } from "../../seal/json";

const MOST_MAPPED = 1 << 16;
const [SIGMA, SMALL_SIGMA, FINAL_SIGMA] = ["\u03a3", "\u03c3", "\u03c2"];
const [HANGUL, SYLLABLES] = [0xac00, 11172];

export type Change = (text: string) => string;

/** A change, and the size of its tables (Tables.get). */
export interface SizedChange {
  change: Change;
  /** The string that a character is mapped to; undefined for itself. Only of maps of single characters. */
  image?: (point: number) => string | undefined;
  entries: number;
}

/** A map from each character to a string, independent of its neighbours. */
export function charMap(raw: unknown): SizedChange {
  const spec = keys(raw, ["rest"], ["shifts", "texts", "dropped", "hangul"]);
  const { rest } = spec;
  if (rest !== "keep" && rest !== "drop") throw new Malformed('rest must be "keep" or "drop"');
  const table = new Map<number, string>();
  if (flag(spec["hangul"] === undefined ? false : spec["hangul"], "hangul")) {
    for (let i = 0; i < SYLLABLES; i++) table.set(HANGUL + i, jamo(i));
  }
  addDropped(table, "dropped" in spec ? spec["dropped"] : []);
  addShifts(table, "shifts" in spec ? spec["shifts"] : []);
  addTexts(table, "texts" in spec ? spec["texts"] : {});
  const fallback = rest === "drop" ? "" : undefined;
  const image = (point: number) => table.get(point) ?? (point < 0x80 ? undefined : fallback);
  const change = (text: string) => {
    let mapped = "";
    let copied = 0;
    for (let i = 0; i < text.length;) {
      const point = text.codePointAt(i)!;
      const next = i + (point > 0xffff ? 2 : 1);
      const other = image(point);
      if (other !== undefined) {
        mapped += text.slice(copied, i) + other;
        copied = next;
      }
      i = next;
    }
    return copied === 0 ? text : mapped + text.slice(copied);
  };
  return { change, image, entries: table.size };
}

/** Lower case, with its only contextual rule: a capital sigma at the end of a word. */
export function lower(raw: unknown): SizedChange {
  const spec = keys(raw, ["map", "cased", "ignorable"]);
  const { change: map, entries } = charMap(spec["map"]);
  const [casedRanges, ignorableRanges] = [ranges(spec["cased"]), ranges(spec["ignorable"])];
  const [cased, ignorable] = [inside(casedRanges), inside(ignorableRanges)];
  // So that the search for context stops at another sigma, and takes linear time.
  const sigma = SIGMA!.codePointAt(0)!;
  if (!cased(sigma) || ignorable(sigma))
    throw new Malformed("the capital sigma must be cased, and not ignorable");
  /** The first character that is not ignorable, from `at` in one direction; -1 if there is none. */
  const beyond = (points: readonly number[], at: number, step: 1 | -1) => {
    let i = at + step;
    while (i >= 0 && i < points.length && ignorable(points[i]!)) i += step;
    return points[i] ?? -1;
  };
  const change = (text: string) => {
    if (!text.includes(SIGMA!)) return map(text);
    const points = Array.from(text, (char) => char.codePointAt(0)!);
    let mapped = "";
    let at = -1;
    text.split(SIGMA!).forEach((part, index) => {
      if (index > 0) {
        const final = cased(beyond(points, at, -1)) && !cased(beyond(points, at, 1));
        mapped += final ? FINAL_SIGMA : SMALL_SIGMA;
      }
      mapped += map(part);
      at += count(part) + 1;
    });
    return mapped;
  };
  return { change, entries: entries + 2 * (casedRanges.length + ignorableRanges.length) };
}

/** The number of characters. */
export function count(text: string): number {
  let characters = 0;
  for (const _ of text) characters++;
  return characters;
}

/** Whether a character is in a set. */
export function inside(pairs: readonly [number, number][]): (point: number) => boolean {
  return (point) => {
    let low = 0;
    let high = pairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[middle]![1] <= point) low = middle + 1;
      else high = middle;
    }
    return low < pairs.length && pairs[low]![0] <= point;
  };
}

function addDropped(table: Map<number, string>, raw: unknown): void {
  const pairs = ranges(raw);
  if (pairs.reduce((sum, [start, end]) => sum + end - start, 0) > MOST_MAPPED)
    throw new Malformed(`dropped must have at most ${MOST_MAPPED} characters`);
  for (const [start, end] of pairs) for (let point = start; point < end; point++) table.set(point, "");
}

function addShifts(table: Map<number, string>, raw: unknown): void {
  const flat = items(raw, INTEGERS, 4 * MOST_MAPPED);
  if (flat.length % 4) throw new Malformed("shifts must have four numbers each");
  let total = 0;
  for (let i = 0; i < flat.length; i += 4) {
    const [start, times, step, delta] = flat.slice(i, i + 4) as [number, number, number, number];
    const last = start + (times - 1) * step;
    if (start < 0 || times < 1 || step < 1 || last >= CODE_POINTS)
      throw new Malformed("a shift must have characters of Unicode, a count and a step");
    if (start + delta < 0 || last + delta >= CODE_POINTS)
      throw new Malformed("a shift must map to characters of Unicode");
    total += times;
    if (total > MOST_MAPPED) throw new Malformed(`shifts must have at most ${MOST_MAPPED} characters`);
    for (let point = start; point <= last; point += step) {
      const target = point + delta;
      if (target >= 0xd800 && target < 0xe000) throw new Malformed("a shift must not map to surrogates");
      table.set(point, String.fromCodePoint(target));
    }
  }
}

function addTexts(table: Map<number, string>, raw: unknown): void {
  if (!isObject(raw) || Object.keys(raw).length > MOST_MAPPED)
    throw new Malformed(`texts must be an object with at most ${MOST_MAPPED} keys`);
  for (const [char, text] of Object.entries(raw)) {
    if (count(char) !== 1 || typeof text !== "string" || count(text) > 32)
      throw new Malformed("texts must map single characters to strings of at most 32 characters");
    table.set(char.codePointAt(0)!, text);
  }
}

/** A Hangul syllable in its letters (The Unicode Standard, §3.12). */
function jamo(index: number): string {
  const tail = index % 28;
  const letters = [0x1100 + Math.floor(index / 588), 0x1161 + Math.floor((index % 588) / 28)];
  return String.fromCodePoint(...letters, ...(tail ? [0x11a7 + tail] : []));
}
