/** Where tokens are in a string, and which of them continue a word (spec/TOKENIZER.md §6; stages/tokenizer/places.py). */
import { Malformed } from "../read";
import type { Vocabulary } from "./models/vocabulary";
import { pointsOf } from "./piece";
import type { Encoding } from "./stage";

/** The beginning, the end, and whether the token continues a word. */
export const NUMBERS = 3;
const SPACE = 0x20;

/** The numbers of each token of a string, one after the other; 0, 0, -1 for those of the template. */
export type TokenPlaces = (text: string, tokens: Encoding, before: number, after: number) => number[];

/**
 * Reads the rule for tokens that continue a word: those longer than their span, or without a space before them. `added`
 * are the tokens beyond the vocabulary, with the text and the id first. Throws Malformed.
 */
export function tokenPlaces(
  rule: unknown,
  vocabulary: Vocabulary,
  added: readonly (readonly unknown[])[],
  unknown: number | undefined,
): TokenPlaces {
  if (rule !== "length" && rule !== "space") throw new Malformed('spans must be "length" or "space"');
  const texts = new Map(vocabulary.texts);
  for (const [text, id] of added) texts.set(id as number, text as string);
  const lengths = new Map<number, number>();
  const lengthOf = (id: number) => {
    const known = lengths.get(id) ?? pointsOf(texts.get(id)!).length;
    lengths.set(id, known);
    return known;
  };
  return (text, { ids, spans }, before, after) => {
    const points = pointsOf(text);
    return spans.flatMap(([start, end], i) => {
      if (i < before || i >= spans.length - after) return [0, 0, -1];
      const isSplit =
        rule === "length"
          ? lengthOf(ids[i]!) !== end - start
          : start > 0 && points[start - 1] !== SPACE && points[start] !== SPACE;
      return [start, end, isSplit && ids[i] !== unknown ? 1 : 0];
    });
  };
}
