/** Unigram: the tokens with the largest sum of scores (spec/TOKENIZER.md §5). */
import { keys, Malformed } from "../../read";
import { utf8 } from "../edits";
import { TooLong, pointsOf, textOf } from "../piece";
import { MOST_TOKENS, type TokenSpan, type Model, type Vocabulary } from "./vocabulary";

const PENALTY = 10;
/** For one piece: its characters times the characters of the longest token. */
const MOST_WORK = 2 ** 26;

/** A tree of the tokens by their characters. */
interface Node {
  next: Map<number, Node>;
  score: number;
  id: number;
}

/** Finds the best path by dynamic programming; among equal sums, the one found first. Throws Malformed. */
export function unigram(raw: unknown, vocabulary: Vocabulary): Model {
  const spec = keys(raw, ["scores", "unknown"], ["bytes"]);
  const scores = numbers(spec["scores"]);
  if (scores.length !== vocabulary.tokens.length) throw new Malformed("there must be a score for each token");
  const unknownId = vocabulary.known(spec["unknown"]);
  const bytes = "bytes" in spec ? vocabulary.bytes(spec["bytes"]) : undefined;
  const penalty = scores.reduce((least, score) => Math.min(least, score), Infinity) - PENALTY;
  const root: Node = { next: new Map(), score: 0, id: -1 };
  vocabulary.tokens.forEach((token, i) => {
    let node = root;
    for (const point of pointsOf(token)) {
      let next = node.next.get(point);
      if (!next) node.next.set(point, (next = { next: new Map(), score: 0, id: -1 }));
      node = next;
    }
    node.score = scores[i]!;
    node.id = vocabulary.ids.get(token)!;
  });

  const tokensOf = (points: readonly number[], start: number, end: number): TokenSpan[] => {
    const part = points.slice(start, end);
    const id = vocabulary.ids.get(textOf(part));
    if (id !== undefined) return [[id, start, end]];
    const coded = bytes && part.flatMap((point) => utf8(point).map((byte) => bytes[byte]!));
    if (coded && !coded.includes(-1)) return coded.map((byte) => [byte, start, end]);
    return [[unknownId, start, end]];
  };

  return (points) => {
    const count = points.length;
    if (count * vocabulary.longest > MOST_WORK) throw new TooLong();
    // For each end: the beginning of the last token of the best path, the sum of its scores, and whether it is unknown.
    const begins = new Int32Array(count + 1).fill(-1);
    const sums = new Float64Array(count + 1);
    const unknown = new Uint8Array(count + 1);
    for (let start = 0; start < count; start++) {
      const here = sums[start]!;
      const add = (end: number, score: number, isUnknown: boolean) => {
        const total = score + here;
        if (begins[end]! >= 0 && !(total > sums[end]!)) return;
        begins[end] = start;
        sums[end] = total;
        unknown[end] = isUnknown ? 1 : 0;
      };
      let single = false;
      let node = root.next.get(points[start]!);
      for (let end = start + 1; node; end++) {
        if (node.id >= 0) {
          add(end, node.score, node.id === unknownId);
          if (end === start + 1) single = true;
        }
        node = end < count ? node.next.get(points[end]!) : undefined;
      }
      if (!single) add(start + 1, penalty, true);
    }
    const spans: [number, number][] = [];
    let fused = false;
    for (let end = count; end > 0;) {
      const start = begins[end]!;
      // Neighbouring unknown characters are one token.
      if (unknown[end] && fused) spans[spans.length - 1]![0] = start;
      else spans.push([start, end]);
      fused = unknown[end] === 1;
      end = start;
    }
    return spans.reverse().flatMap(([start, end]) => tokensOf(points, start, end));
  };
}

/** A list of finite numbers. Throws Malformed. */
function numbers(raw: unknown): number[] {
  if (!Array.isArray(raw) || raw.length > MOST_TOKENS)
    throw new Malformed(`scores must have at most ${MOST_TOKENS} entries`);
  if (!raw.every((item) => Number.isFinite(item))) throw new Malformed("scores must be finite numbers");
  return raw as number[];
}
