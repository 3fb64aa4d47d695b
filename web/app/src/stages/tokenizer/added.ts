/** Added tokens, which are found in a text before the model sees it (spec/TOKENIZER.md §2). */
import { flag, integer, items, LISTS, Malformed, text } from "../read";
import type { CharSet } from "./charSet";
import { pointsOf, textOf, type Piece } from "./piece";

const MOST_ADDED = 1 << 14;
const LONGEST_ADDED = 1 << 10;

interface Added {
  id: number;
  isWord: boolean;
  takesLeft: boolean;
  takesRight: boolean;
}

/** Divides a piece at added tokens: the longest at each position, from the left. Throws Malformed; `ids` bounds ids. */
export function addedTokens(
  raw: unknown,
  isWordChar: CharSet,
  isSpace: CharSet,
  ids: number,
): (piece: Piece) => Piece[] {
  const tokens = new Map<string, Added>();
  // All lengths for each first character, the longest first.
  const sizes = new Map<number, number[]>();
  for (const entry of items(raw, LISTS, MOST_ADDED)) {
    if (entry.length !== 5) throw new Malformed("an added token must have a text, an id and three flags");
    const [spelled, id, ...flags] = entry;
    const name = text(spelled, LONGEST_ADDED);
    if (!name || tokens.has(name))
      throw new Malformed("added tokens must be different strings that are not empty");
    const [isWord, takesLeft, takesRight] = flags.map((mark) => flag(mark, "a flag of an added token")) as [
      boolean,
      boolean,
      boolean,
    ];
    tokens.set(name, { id: integer(id, 0, ids - 1), isWord, takesLeft, takesRight });
    const points = pointsOf(name);
    const known = sizes.get(points[0]!) ?? [];
    if (!known.includes(points.length)) known.push(points.length);
    sizes.set(
      points[0]!,
      known.sort((a, b) => b - a),
    );
  }
  return (piece) => {
    const { points } = piece;
    const parts: Piece[] = [];
    let done = 0;
    for (let at = 0; at < points.length;) {
      let start = at++;
      const size = (sizes.get(points[start]!) ?? []).find(
        (count) => start + count <= points.length && tokens.has(textOf(points.slice(start, start + count))),
      );
      if (size === undefined) continue;
      let end = start + size;
      at = end;
      const token = tokens.get(textOf(points.slice(start, end)))!;
      const isInside =
        (start > 0 && isWordChar(points[start - 1]!)) || (end < points.length && isWordChar(points[end]!));
      if (token.isWord && isInside) continue;
      while (token.takesLeft && start > done && isSpace(points[start - 1]!)) start--;
      while (token.takesRight && end < points.length && isSpace(points[end]!)) end++;
      if (done < start) parts.push(piece.part(done, start));
      parts.push(piece.part(start, end, token.id));
      done = end;
    }
    if (done < points.length) parts.push(done === 0 ? piece : piece.part(done, points.length));
    return parts;
  };
}
