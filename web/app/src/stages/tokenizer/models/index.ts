/** The models by their key in the stage. */
import { Malformed } from "../../read";
import { isObject } from "../../../seal/json";
import { bpe } from "./bpe";
import { unigram } from "./unigram";
import type { Model, Vocabulary } from "./vocabulary";
import { wordLevel, wordPiece } from "./wordModels";

const MAKERS = new Map<string, (raw: unknown, vocabulary: Vocabulary) => Model>([
  ["bpe", bpe],
  ["unigram", unigram],
  ["wordlevel", wordLevel],
  ["wordpiece", wordPiece],
]);

/** Reads a model; `unknown` is the id of its unknown token, if it has one. Throws Malformed. */
export function modelOf(raw: unknown, vocabulary: Vocabulary): { model: Model; unknown: number | undefined } {
  const [entry, ...others] = isObject(raw) ? Object.entries(raw) : [];
  const make = entry && MAKERS.get(entry[0]);
  if (!make || others.length > 0)
    throw new Malformed("a model must have one of the keys bpe, unigram, wordlevel and wordpiece");
  const model = make(entry[1], vocabulary);
  return { model, unknown: (entry[1] as Record<string, unknown>)["unknown"] as number | undefined };
}
