/**
 * Decomposition, canonical order and composition of characters, by the stage's own tables (spec/TOKENIZER.md §3).
 * The Python implementation, which explains the counts, is in stages/tokenizer/unicode_forms.py.
 */
import { CODE_POINTS, INTEGERS, items, keys, LISTS, Malformed, ranges } from "../read";
import { charTable } from "./charTable";
import type { Piece } from "./piece";

const MOST_CLASSES = 256;
const MOST_PAIRS = 1 << 16;
const [HANGUL, LEAD, VOWEL, TAIL] = [0xac00, 0x1100, 0x1161, 0x11a7];
const [LEADS, VOWELS, TAILS] = [19, 21, 28];

/** A character, and how many characters it replaces: 0 stands for one, 1 for none, -1 for two. */
interface Formed {
  point: number;
  change: number;
  class: number;
}

/** A normalization form: NFD, NFKD, and with pairs NFC, NFKC. Throws Malformed. */
export function unicodeForm(raw: unknown): (piece: Piece) => Piece {
  const spec = keys(raw, ["map", "classes"], ["pairs"]);
  const table = charTable(spec["map"]);
  const classes = new Map<number, number>();
  items(spec["classes"], LISTS, MOST_CLASSES).forEach((part, i) => {
    for (const [start, end] of ranges(part)) {
      if (classes.size + end - start > MOST_PAIRS)
        throw new Malformed(`classes must have at most ${MOST_PAIRS} characters`);
      for (let point = start; point < end; point++) classes.set(point, i + 1);
    }
  });
  const pairs = "pairs" in spec ? pairsOf(spec["pairs"]) : undefined;
  return (piece) => {
    let formed: Formed[] = [];
    piece.points.forEach((char) => {
      const image = table(char) ?? [char];
      image.forEach((point, i) =>
        formed.push({ point, change: i > 0 ? 1 : 0, class: classes.get(point) ?? 0 }),
      );
    });
    sort(formed);
    if (pairs) formed = composed(formed, pairs);
    const isSame =
      formed.length === piece.points.length && formed.every(({ point }, i) => point === piece.points[i]);
    if (isSame) return piece;
    return piece.edited(
      formed.map(({ point }) => point),
      parentsOf(formed, piece.points.length),
    );
  };
}

/** First and second character, as one number, to the composed one. */
function pairsOf(raw: unknown): ReadonlyMap<number, number> {
  const flat = items(raw, INTEGERS, 3 * MOST_PAIRS);
  if (flat.length % 3 || flat.some((point) => point < 0 || point >= CODE_POINTS || point >> 11 === 27))
    throw new Malformed("pairs must have three characters each");
  const pairs = new Map<number, number>();
  for (let i = 0; i < flat.length; i += 3) pairs.set(flat[i]! * CODE_POINTS + flat[i + 1]!, flat[i + 2]!);
  return pairs;
}

/** Sorts each run of characters with a class by class; equal ones keep their order. */
function sort(formed: Formed[]): void {
  for (let at = 0; at < formed.length; at++) {
    if (!formed[at]!.class) continue;
    let end = at;
    while (end < formed.length && formed[end]!.class) end++;
    if (end - at > 1) {
      const run = formed.slice(at, end).sort((a, b) => a.class - b.class);
      run.forEach((item, i) => (formed[at + i] = item));
    }
    at = end;
  }
}

/** A character combines with the last one without a class, unless one between them blocks it. */
function composed(formed: readonly Formed[], pairs: ReadonlyMap<number, number>): Formed[] {
  const out: Formed[] = [];
  let starter = -1;
  let last = 0;
  for (const item of formed) {
    if (starter >= 0 && (out.length - 1 === starter || last < item.class)) {
      const both = pairOf(out[starter]!.point, item.point, pairs);
      if (both !== undefined) {
        const first = out[starter]!;
        out[starter] = { point: both, change: first.change + item.change - 1, class: first.class };
        continue;
      }
    }
    out.push(item);
    if (item.class === 0) starter = out.length - 1;
    last = item.class;
  }
  return out;
}

function pairOf(a: number, b: number, pairs: ReadonlyMap<number, number>): number | undefined {
  if (a >= LEAD && a < LEAD + LEADS && b >= VOWEL && b < VOWEL + VOWELS)
    return HANGUL + ((a - LEAD) * VOWELS + b - VOWEL) * TAILS;
  const syllable = a - HANGUL;
  if (
    syllable >= 0 &&
    syllable < LEADS * VOWELS * TAILS &&
    syllable % TAILS === 0 &&
    b > TAIL &&
    b < TAIL + TAILS
  )
    return a + b - TAIL;
  return pairs.get(a * CODE_POINTS + b);
}

/** The index of the replaced character for each new one. */
function parentsOf(formed: readonly Formed[], count: number): number[] {
  let at = 0;
  return formed.map(({ change }) => {
    if (change > 0) return Math.max(at - 1, 0);
    const parent = Math.min(at, count - 1);
    at += 1 - change;
    return parent;
  });
}
