/** N-grams of words and of characters (spec/TEXT.md §5). */
import { ranges } from "../read";

/** The table entries that a range of white space counts for. */
const PER_RANGE = 8;

/** All sequences of `least` to `most` consecutive parts, joined. */
export function grams(
  parts: readonly string[],
  least: number,
  most: number,
  between: string,
  joined: string[] = [],
): string[] {
  for (let size = least; size <= Math.min(most, parts.length); size++) {
    for (let i = 0; i + size <= parts.length; i++) {
      let gram = parts[i]!;
      for (let j = i + 1; j < i + size; j++) gram += between + parts[j]!;
      joined.push(gram);
    }
  }
  return joined;
}

/** Consecutive characters within each word, with a space before and after it; a short word counts once. */
export function insideWords(words: Iterable<string>, least: number, most: number): string[] {
  const joined: string[] = [];
  for (const bare of words) {
    const word = [" ", ...bare, " "];
    for (let size = least; size <= most; size++) {
      if (word.length <= size) {
        joined.push(word.join(""));
        break;
      }
      grams(word, size, size, "", joined);
    }
  }
  return joined;
}

/** White space as defined by the stage's own set: `joined` makes two blanks or more one space, `parts` gives the parts between. */
export function blanks(raw: unknown): {
  joined: (text: string) => string;
  parts: (text: string) => string[];
  entries: number;
} {
  const set = ranges(raw);
  const entries = PER_RANGE * set.length;
  // The pattern lists the ranges, so that the host's character classes are not used.
  const listed = set
    .map(([start, end]) => `\\u{${start.toString(16)}}-\\u{${(end - 1).toString(16)}}`)
    .join("");
  if (!listed) return { joined: (text) => text, parts: (text) => (text ? [text] : []), entries };
  const several = new RegExp(`[${listed}]{2,}`, "gu");
  const part = new RegExp(`[^${listed}]+`, "gu");
  return { joined: (text) => text.replace(several, " "), parts: (text) => text.match(part) ?? [], entries };
}
