/** BPE: merges neighbouring tokens, the merge of the lowest rank first (spec/TOKENIZER.md §5). */
import { flag, INTEGERS, items, keys, Malformed, text } from "../../read";
import { utf8 } from "../edits";
import { pointsOf, textOf } from "../piece";
import { Heap } from "./heap";
import {
  LONGEST_TOKEN,
  MOST_IDS,
  MOST_TOKENS,
  type TokenSpan,
  type Model,
  type Vocabulary,
} from "./vocabulary";

interface Merge {
  rank: number;
  id: number;
}

/** Throws Malformed. */
export function bpe(raw: unknown, vocabulary: Vocabulary): Model {
  const spec = keys(raw, ["merges", "fuse", "whole"], ["unknown", "bytes", "prefix", "suffix"]);
  const merges = mergesOf(spec["merges"], vocabulary);
  const unknown = "unknown" in spec ? vocabulary.known(spec["unknown"]) : undefined;
  const bytes = "bytes" in spec ? vocabulary.bytes(spec["bytes"]) : undefined;
  const prefix = "prefix" in spec ? text(spec["prefix"], LONGEST_TOKEN) : "";
  const suffix = "suffix" in spec ? text(spec["suffix"], LONGEST_TOKEN) : "";
  if (bytes && (prefix || suffix)) throw new Malformed("a model with bytes must not have prefix or suffix");
  const [fuse, whole] = [flag(spec["fuse"], "fuse"), flag(spec["whole"], "whole")];

  /** The ids of the characters, and the numbers of their bytes. */
  const symbolsOf = (points: readonly number[]) => {
    const ids: number[] = [];
    const sizes: number[] = [];
    let waiting = 0; // the bytes of unknown characters that are not in the lists yet
    const flush = () => {
      if (waiting && unknown !== undefined) {
        ids.push(unknown);
        sizes.push(waiting);
      }
      waiting = 0;
    };
    points.forEach((point, i) => {
      const size = utf8(point).length;
      const char = String.fromCodePoint(point);
      const spelled = (i > 0 ? prefix : "") + char + (i === points.length - 1 ? suffix : "");
      const id = vocabulary.ids.get(spelled);
      if (id !== undefined) {
        flush();
        ids.push(id);
        sizes.push(size);
        return;
      }
      const coded = bytes && pointsOf(spelled).flatMap((other) => utf8(other).map((byte) => bytes[byte]!));
      if (coded && !coded.includes(-1)) {
        for (const byte of coded) {
          ids.push(byte);
          sizes.push(1);
        }
      } else if (unknown !== undefined) {
        if (!fuse) flush();
        waiting += size;
      }
    });
    flush();
    return { ids, sizes };
  };

  return (points) => {
    const known = whole ? vocabulary.ids.get(textOf(points)) : undefined;
    if (known !== undefined) return [[known, 0, points.length]];
    const { ids, sizes } = symbolsOf(points);
    merge(ids, sizes, merges);
    // The sizes count bytes, and a token may be part of a character.
    const at = points.flatMap((point, i) => utf8(point).map(() => i));
    const tokens: TokenSpan[] = [];
    let begin = 0;
    ids.forEach((id, i) => {
      const size = sizes[i]!;
      if (!size) return;
      tokens.push([id, at[begin]!, at[begin + size - 1]! + 1]);
      begin += size;
    });
    return tokens;
  };
}

/** Merges in place; the size of a symbol that was merged into the one before it becomes 0. */
function merge(ids: number[], sizes: number[], merges: ReadonlyMap<number, Merge>): void {
  const count = ids.length;
  const before = Int32Array.from(ids, (_, i) => i - 1);
  const after = Int32Array.from(ids, (_, i) => i + 1);
  const heap = new Heap();
  const push = (left: number, right: number) => {
    const merge = merges.get(ids[left]! * MOST_IDS + ids[right]!);
    if (merge) heap.push({ rank: merge.rank, at: left, id: merge.id });
  };
  for (let i = 0; i + 1 < count; i++) push(i, i + 1);
  for (let top = heap.pop(); top; top = heap.pop()) {
    const right = after[top.at]!;
    if (!sizes[top.at] || right >= count) continue;
    // The symbols may have changed since.
    if (merges.get(ids[top.at]! * MOST_IDS + ids[right]!)?.id !== top.id) continue;
    ids[top.at] = top.id;
    sizes[top.at]! += sizes[right]!;
    sizes[right] = 0;
    const next = after[right]!;
    after[top.at] = next;
    if (next < count) before[next] = top.at;
    if (before[top.at]! >= 0) push(before[top.at]!, top.at);
    if (next < count) push(top.at, next);
  }
}

function mergesOf(raw: unknown, vocabulary: Vocabulary): ReadonlyMap<number, Merge> {
  const flat = items(raw, INTEGERS, 3 * MOST_TOKENS);
  if (flat.length % 3 || flat.some((id) => !vocabulary.texts.has(id)))
    throw new Malformed("a merge must have the ids of three tokens");
  const merges = new Map<number, Merge>();
  for (let i = 0; i < flat.length; i += 3)
    merges.set(flat[i]! * MOST_IDS + flat[i + 1]!, { rank: i, id: flat[i + 2]! });
  if (3 * merges.size !== flat.length) throw new Malformed("the pairs of merges must be different");
  return merges;
}
