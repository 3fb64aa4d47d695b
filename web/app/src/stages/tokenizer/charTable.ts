/** Character maps that keep what they do not map (spec/TEXT.md §3). */
import { charMap } from "../text/chars";
import { Malformed } from "../read";
import { pointsOf } from "./piece";

/** The map of single characters that keeps all others. Throws Malformed. */
export function charTable(raw: unknown): (point: number) => readonly number[] | undefined {
  const { image } = charMap(raw);
  if ((raw as Record<string, unknown>)["rest"] !== "keep") throw new Malformed('rest must be "keep"');
  const known = new Map<number, readonly number[] | undefined>();
  return (point) => {
    if (known.has(point)) return known.get(point);
    const spelled = image!(point);
    const points = spelled === undefined ? undefined : pointsOf(spelled);
    if (known.size < 1 << 16) known.set(point, points);
    return points;
  };
}
