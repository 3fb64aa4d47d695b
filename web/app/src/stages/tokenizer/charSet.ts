/** Sets of characters, from the stage's tables (spec/TEXT.md §2). */
import { inside } from "../text/chars";
import { ranges } from "../read";

export type CharSet = (point: number) => boolean;

/** Throws Malformed. */
export function charSet(raw: unknown): CharSet {
  const isMember = inside(ranges(raw));
  // Most texts consist of few characters.
  const ascii = Array.from({ length: 128 }, (_, point) => isMember(point));
  return (point) => ascii[point] ?? isMember(point);
}
