/** Spans of a text from the classes of its tokens (contract/outputs/token_spans.py). */

/** Numbers of a token before its probabilities: the beginning and end of its span, and whether it continues a word. */
export const PLACES = 3;

export const STRATEGIES = ["none", "simple", "first", "max", "average"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** A labelled part of a text; places count characters, as the code points of a string. */
export interface Span {
  start: number;
  end: number;
  label: string;
  score: number;
}

/** A token, or the tokens of a word: its span, the index of its class, and the probability of this class. */
interface Word {
  start: number;
  end: number;
  label: number;
  score: number;
}

/** The spans of one text: `values` are its tokens one after the other, each with its place and its probabilities. */
export function spansOf(
  values: readonly number[],
  names: readonly string[],
  strategy: Strategy,
  ignored: readonly string[],
): Span[] {
  const width = PLACES + names.length;
  const tokens = Array.from({ length: values.length / width }, (_, i) =>
    values.slice(i * width, (i + 1) * width),
  ).filter((token) => token[2]! >= 0);
  const isByToken = strategy === "none" || strategy === "simple";
  const parts = isByToken ? tokens.map((token) => [token]) : inWords(tokens);
  const words = parts.map((part) => wordOf(part, strategy));
  const spans =
    strategy === "none"
      ? words.map((word) => spanOf(word, word, names[word.label]!, word.score))
      : groupsOf(words, names).map((group) =>
          spanOf(
            group[0]!,
            group.at(-1)!,
            short(names[group[0]!.label]!),
            mean(group.map(({ score }) => score)),
          ),
        );
  return spans.filter(({ label }) => !ignored.includes(label));
}

function inWords(tokens: readonly number[][]): number[][][] {
  const words: number[][][] = [];
  for (const token of tokens) {
    if (words.length > 0 && token[2] === 1) words.at(-1)!.push(token);
    else words.push([token]);
  }
  return words;
}

function wordOf(tokens: readonly number[][], strategy: Strategy): Word {
  let shares = tokens[0]!.slice(PLACES);
  if (strategy === "max") {
    for (const token of tokens) {
      const own = token.slice(PLACES);
      if (largest(own) > largest(shares)) shares = own;
    }
  } else if (strategy === "average" && tokens.length > 1) {
    shares = shares.map((_, i) => mean(tokens.map((token) => token[PLACES + i]!)));
  }
  const score = largest(shares);
  return { start: tokens[0]![0]!, end: tokens.at(-1)![1]!, label: shares.indexOf(score), score };
}

/** Neighbouring words of the same class, which the prefix B- separates. */
function groupsOf(words: readonly Word[], names: readonly string[]): Word[][] {
  const groups: Word[][] = [];
  for (const word of words) {
    const name = names[word.label]!;
    const last = groups.at(-1)?.at(-1);
    const isNext = last && !name.startsWith("B-") && bare(name) === bare(names[last.label]!);
    if (isNext) groups.at(-1)!.push(word);
    else groups.push([word]);
  }
  return groups;
}

function bare(name: string): string {
  return /^[BI]-/.test(name) ? name.slice(2) : name;
}

/** The name behind the first hyphen, if it has one. */
function short(name: string): string {
  return name.slice(name.indexOf("-") + 1);
}

function largest(values: readonly number[]): number {
  return values.reduce((a, b) => (b > a ? b : a));
}

/** The sum from left to right, divided by the number. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spanOf(first: Word, last: Word, label: string, score: number): Span {
  return { start: first.start, end: last.end, label, score };
}
