/** Edits: changes made to a string before a stage reads it, in order (spec/TEXT.md §1; stages/text/edits.py). */
import { SealiftError } from "../../errors";
import { charMap, count, inside, lower, type Change } from "./chars";
import { flag, items, keys, Malformed, OBJECTS, ranges, STRINGS, text } from "../read";
import type { Tables } from "./sharedTables";

const MOST_EDITS = 16;
/** The maximum length of a string after a replacement. */
const LONGEST_TEXT = 2 ** 24;
const LONGEST_PART = 1 << 10;
const MOST_STRIPPED = 1 << 16;
const PER_RANGE = 8;

type Edit = { change: Change; entries: number };

/** Removes the characters of a set from the ends of a string. */
function strip(raw: unknown): Edit {
  const spec = keys(raw, ["space", "left", "right"]);
  const pairs = ranges(spec["space"]);
  const [left, right] = [flag(spec["left"], "left"), flag(spec["right"], "right")];
  if (pairs.reduce((sum, [start, end]) => sum + end - start, 0) > MOST_STRIPPED)
    throw new Malformed(`strip must have at most ${MOST_STRIPPED} characters`);
  if (pairs.length === 0 || !(left || right))
    throw new Malformed("strip must have characters, and left or right must be true");
  const within = inside(pairs);
  const change = (given: string) => {
    const characters = [...given];
    let [start, end] = [0, characters.length];
    if (left) while (start < end && within(characters[start]!.codePointAt(0)!)) start++;
    if (right) while (end > start && within(characters[end - 1]!.codePointAt(0)!)) end--;
    return characters.slice(start, end).join("");
  };
  return { change, entries: PER_RANGE * pairs.length };
}

/** Replaces every occurrence of a string by another, from the left. */
function replace(raw: unknown): Edit {
  const [old, other] = items(raw, STRINGS, 2, 2).map((part) => text(part, LONGEST_PART)) as [string, string];
  if (!old) throw new Malformed("the string that replace looks for must not be empty");
  const grows = count(other) - count(old);
  const change = (given: string) => {
    const parts = given.split(old);
    if (grows > 0 && count(given) + (parts.length - 1) * grows > LONGEST_TEXT)
      throw new SealiftError(
        "E207",
        `A string of ${count(given)} characters becomes longer than the format allows.`,
        "",
        "Leave the text out, or give it in smaller parts.",
      );
    return parts.join(other);
  };
  return { change, entries: 1 };
}

const KINDS: Record<string, (raw: unknown) => Edit> = { lower, map: charMap, strip, replace };

/** The edits that a list describes. Throws Malformed. */
export function editsOf(raw: unknown, tables: Tables): Change[] {
  return items(raw, OBJECTS, MOST_EDITS, 1).map((item) => {
    const [kind, ...rest] = Object.keys(item);
    const make = kind !== undefined && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    if (!make || rest.length > 0) throw new Malformed("an edit must be one of lower, map, strip and replace");
    return tables.get(make, item[kind!]).change;
  });
}
