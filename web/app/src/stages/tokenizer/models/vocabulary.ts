/** The tokens of a model and their ids. */
import { integer, INTEGERS, items, keys, Malformed, STRINGS } from "../../read";

/** A token's id, and the indices of its first character and behind its last in the piece. */
export type TokenSpan = readonly [id: number, start: number, end: number];
/** Finds the tokens of a piece that is not empty. Throws TooLong. */
export type Model = (points: readonly number[]) => TokenSpan[];

export const MOST_TOKENS = 1 << 20;
export const LONGEST_TOKEN = 1 << 10;
export const MOST_IDS = 1 << 24;

export class Vocabulary {
  readonly ids = new Map<string, number>();
  /** The tokens by id. */
  readonly texts = new Map<number, string>();
  /** The tokens in order. */
  readonly tokens: readonly string[];
  /** The number of characters of the longest token. */
  readonly longest: number;

  /** The ids of tokens are their indices unless `ids` lists them. Throws Malformed. */
  constructor(raw: unknown) {
    const spec = keys(raw, ["tokens"], ["ids"]);
    this.tokens = items(spec["tokens"], STRINGS, MOST_TOKENS, 1);
    const ids = "ids" in spec ? items(spec["ids"], INTEGERS, MOST_TOKENS) : this.tokens.map((_, i) => i);
    if (ids.length !== this.tokens.length || ids.some((id) => id < 0 || id >= MOST_IDS))
      throw new Malformed("there must be an id below 2**24 for each token");
    let longest = 0;
    this.tokens.forEach((token, i) => {
      this.ids.set(token, ids[i]!);
      this.texts.set(ids[i]!, token);
      let count = 0;
      for (const _ of token) count++;
      longest = Math.max(longest, count);
    });
    this.longest = longest;
    if (this.ids.size !== this.tokens.length || this.ids.has("") || longest > LONGEST_TOKEN)
      throw new Malformed(`tokens must be different strings of 1 to ${LONGEST_TOKEN} characters`);
  }

  /** An id of the vocabulary. Throws Malformed. */
  known(raw: unknown): number {
    const id = integer(raw, 0, MOST_IDS);
    if (!this.texts.has(id)) throw new Malformed("an id must be that of a token");
    return id;
  }

  /** The token of each byte; -1 stands for none. Throws Malformed. */
  bytes(raw: unknown): number[] {
    return items(raw, INTEGERS, 256, 256).map((id) => (id === -1 ? id : this.known(id)));
  }
}
