/** Where a set of characters, a string or an automaton matches in a text. */
import { keys, Malformed, text } from "../read";
import { automaton, spansOf } from "../text/scan";
import { charSet } from "./charSet";
import { pointsOf, TooLong } from "./piece";

/** Beginning, end, and whether it is a match. */
export type Match = readonly [start: number, end: number, isMatch: boolean];
/** The parts of a text in order. */
export type Matcher = (points: readonly number[]) => Match[];

const LONGEST = 1 << 10;

/** A set, a string or an automaton. Throws Malformed. */
export function matcher(raw: unknown): Matcher {
  const spec = keys(raw, [], ["set", "text", "pattern"]);
  if (Object.keys(spec).length !== 1)
    throw new Malformed("a pattern must have one of the keys pattern, set and text");
  if ("set" in spec) return ofSet(spec["set"]);
  if ("text" in spec) return ofText(text(spec["text"], LONGEST));
  const read = automaton(spec["pattern"]);
  return (points) => {
    const codes = new Uint8Array(points.length + 1);
    points.forEach((point, i) => (codes[i] = read.classOf[point]!));
    codes[points.length] = read.last;
    const spans = spansOf(read, codes, points.length);
    if (!spans) throw new TooLong();
    return covered(points.length, spans);
  };
}

function ofSet(raw: unknown): Matcher {
  const isMember = charSet(raw);
  return (points) => {
    const spans: [number, number][] = [];
    points.forEach((point, i) => {
      if (isMember(point)) spans.push([i, i + 1]);
    });
    return covered(points.length, spans);
  };
}

function ofText(wanted: string): Matcher {
  const chars = pointsOf(wanted);
  const [first] = chars;
  if (first === undefined) throw new Malformed("a pattern must not be empty");
  return (points) => {
    const spans: [number, number][] = [];
    for (let at = points.indexOf(first); at >= 0;) {
      if (chars.every((char, i) => points[at + i] === char)) {
        spans.push([at, at + chars.length]);
        at = points.indexOf(first, at + chars.length);
      } else at = points.indexOf(first, at + 1);
    }
    return covered(points.length, spans);
  };
}

/** The matches, and the parts between them. */
function covered(count: number, spans: readonly [number, number][]): Match[] {
  const matches: Match[] = [];
  let at = 0;
  for (const [start, end] of spans) {
    if (start > at) matches.push([at, start, false]);
    matches.push([start, end, true]);
    at = end;
  }
  if (at < count) matches.push([at, count, false]);
  return matches;
}
