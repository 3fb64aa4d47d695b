/** Splits pieces at the matches of a pattern (spec/TOKENIZER.md §4). */
import { flag, keys, Malformed } from "../read";
import { matcher, type Match } from "./matches";
import type { Piece } from "./piece";

type Span = [number, number];

/** A match belongs to the part before it, unless that is a match. */
function withPrevious(matches: readonly Match[]): Span[] {
  const parts: Span[] = [];
  let previous = false;
  for (const [start, end, isMatch] of matches) {
    if (isMatch && !previous && parts.length > 0) parts[parts.length - 1]![1] = end;
    else parts.push([start, end]);
    previous = isMatch;
  }
  return parts;
}

/** A match belongs to the part behind it, unless that is a match. */
function withNext(matches: readonly Match[]): Span[] {
  const parts: Span[] = [];
  let previous = false;
  for (const [start, end, isMatch] of [...matches].reverse()) {
    if (isMatch && !previous && parts.length > 0) parts[parts.length - 1]![0] = start;
    else parts.push([start, end]);
    previous = isMatch;
  }
  return parts.reverse();
}

/** Neighbouring matches are one part. */
function contiguous(matches: readonly Match[]): Span[] {
  const parts: Span[] = [];
  let previous = false;
  for (const [start, end, isMatch] of matches) {
    if (isMatch === previous && parts.length > 0) parts[parts.length - 1]![1] = end;
    else parts.push([start, end]);
    previous = isMatch;
  }
  return parts;
}

const BEHAVIORS = new Map<unknown, (matches: readonly Match[]) => Span[]>([
  ["contiguous", contiguous],
  ["isolated", (matches) => matches.map(([start, end]) => [start, end])],
  [
    "removed",
    (matches) => matches.flatMap(([start, end, isMatch]): Span[] => (isMatch ? [] : [[start, end]])),
  ],
  ["with next", withNext],
  ["with previous", withPrevious],
]);

/** Splits at the matches of a pattern, or with `invert` at what lies between them. Throws Malformed. */
export function split(raw: unknown): (piece: Piece) => Piece[] {
  const spec = keys(raw, ["at", "behavior", "invert"]);
  const find = matcher(spec["at"]);
  const behavior = BEHAVIORS.get(spec["behavior"]);
  if (!behavior) throw new Malformed(`behavior must be one of ${[...BEHAVIORS.keys()].sort().join(", ")}`);
  const invert = flag(spec["invert"], "invert");
  return (piece) => {
    const matches = find(piece.points);
    const parts = behavior(invert ? matches.map(([start, end, isMatch]) => [start, end, !isMatch]) : matches);
    return parts.map(([start, end]) => piece.part(start, end));
  };
}
