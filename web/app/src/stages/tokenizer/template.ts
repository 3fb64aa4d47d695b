/** What is done to the tokens of a string: truncation, special tokens around them, padding (spec/TOKENIZER.md §6). */
import { flag, integer, INTEGERS, items, keys, LISTS, Malformed } from "../read";

const MOST_SPECIAL = 64;
const MOST_TYPES = 1 << 8;
const MOST_LENGTH = 1 << 20;

/** Special tokens before and behind the tokens of a string, as pairs of id and type. */
export interface Template {
  readonly before: readonly [number, number][];
  readonly after: readonly [number, number][];
  /** The type of the tokens of the string. */
  readonly type: number;
}

/** Throws Malformed. */
export function templateOf(raw: unknown, type: unknown, ids: number): Template {
  const spec = keys(raw, ["before", "after"]);
  const side = (name: string) =>
    items(spec[name], LISTS, MOST_SPECIAL).map((entry) => {
      const [id, kind] = items(entry, INTEGERS, 2, 2) as [number, number];
      return [integer(id, 0, ids - 1), integer(kind, 0, MOST_TYPES)] as [number, number];
    });
  return { before: side("before"), after: side("after"), type: integer(type, 0, MOST_TYPES) };
}

/** Where long strings are cut. */
export interface Truncation {
  /** The maximum number of tokens of a string, without special tokens. */
  readonly most: number;
  /** Whether the beginning is cut off. */
  readonly left: boolean;
  /** Whether a string that would be cut is refused. */
  readonly refuses: boolean;
}

/** Throws Malformed. `special` is the number of special tokens. */
export function truncationOf(raw: unknown, special: number): Truncation {
  const spec = keys(raw, ["length", "side"], ["refused"]);
  return {
    most: integer(spec["length"], Math.max(1, special), MOST_LENGTH) - special,
    left: isLeft(spec["side"]),
    refuses: "refused" in spec && flag(spec["refused"], "refused"),
  };
}

/** How rows are made equally long. */
export interface Padding {
  readonly id: number;
  readonly type: number;
  readonly left: boolean;
  /** The length of rows of which the longest has `longest` tokens. */
  width(longest: number): number;
}

/** Throws Malformed. */
export function paddingOf(raw: unknown, ids: number): Padding {
  const spec = keys(raw, ["id", "type", "side"], ["length", "multiple"]);
  const length = integer(spec["length"] ?? 1, 1, MOST_LENGTH);
  const multiple = integer(spec["multiple"] ?? 1, 1, 1 << 16);
  return {
    id: integer(spec["id"], 0, ids - 1),
    type: integer(spec["type"], 0, MOST_TYPES),
    left: isLeft(spec["side"]),
    width: (longest) => Math.ceil(Math.max(longest, length) / multiple) * multiple,
  };
}

function isLeft(side: unknown): boolean {
  if (side !== "left" && side !== "right") throw new Malformed('side must be "left" or "right"');
  return side === "left";
}
