/** WordLevel and WordPiece (spec/TOKENIZER.md §5). */
import { integer, keys, text } from "../../read";
import { textOf } from "../piece";
import { LONGEST_TOKEN, type TokenSpan, type Model, type Vocabulary } from "./vocabulary";

const LONGEST_WORD = 1 << 16;

/** Each piece is one token. Throws Malformed. */
export function wordLevel(raw: unknown, vocabulary: Vocabulary): Model {
  const unknown = vocabulary.known(keys(raw, ["unknown"])["unknown"]);
  return (points) => [[vocabulary.ids.get(textOf(points)) ?? unknown, 0, points.length]];
}

/** The longest token first, from the left; all of a piece is unknown if a part is. Throws Malformed. */
export function wordPiece(raw: unknown, vocabulary: Vocabulary): Model {
  const spec = keys(raw, ["unknown", "prefix", "longest"]);
  const unknown = vocabulary.known(spec["unknown"]);
  const continued = text(spec["prefix"], LONGEST_TOKEN);
  const longest = integer(spec["longest"], 0, LONGEST_WORD);
  const { ids, longest: most } = vocabulary;
  return (points) => {
    const bad: TokenSpan[] = [[unknown, 0, points.length]];
    if (points.length > longest) return bad;
    const tokens: TokenSpan[] = [];
    for (let start = 0; start < points.length;) {
      let end = Math.min(points.length, start + most);
      let id: number | undefined;
      for (; end > start; end--) {
        id = ids.get((start > 0 ? continued : "") + textOf(points.slice(start, end)));
        if (id !== undefined) break;
      }
      if (id === undefined) return bad;
      tokens.push([id, start, end]);
      start = end;
    }
    return tokens;
  };
}
