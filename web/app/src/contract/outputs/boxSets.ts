/** Compares two sets of boxes by class, score and intersection over union (contract/outputs/box_sets.py). */

/** x0, y0, x1, y1, the score, and the index of the class. */
export type Box = [number, number, number, number, number, number];

export const SIZE = 6;
const QUANTUM = 2 ** -12;
const SAME = 0.99;
const OVERLAP = 0.1;
const PIXEL = 0.01;

/** The boxes of a row; those of the class -1 are none. */
export function boxesOf(values: readonly number[]): Box[] {
  return rowsOf(values).filter((box) => box[5] >= 0);
}

function rowsOf(values: readonly number[]): Box[] {
  return Array.from(
    { length: values.length / SIZE },
    (_, i) => values.slice(i * SIZE, (i + 1) * SIZE) as Box,
  );
}

export function iou(one: Box, two: Box): number {
  if ([0, 1, 2, 3].every((i) => Math.abs(one[i]! - two[i]!) <= PIXEL)) return 1;
  const width = Math.min(one[2], two[2]) - Math.max(one[0], two[0]);
  const height = Math.min(one[3], two[3]) - Math.max(one[1], two[1]);
  const inner = Math.max(width, 0) * Math.max(height, 0);
  const whole = (one[2] - one[0]) * (one[3] - one[1]) + (two[2] - two[0]) * (two[3] - two[1]) - inner;
  return whole > 0 ? inner / whole : 0;
}

/** Whether two rows have the same boxes, and the largest difference of scores. */
export function agree(
  got: readonly number[],
  expected: readonly number[],
  margin: number,
  limit: number,
): { same: boolean; worst: number } {
  const mine = boxesOf(got);
  let theirs = boxesOf(expected);
  if (!mine.flat().every(Number.isFinite)) return { same: false, worst: Infinity };
  let worst = 0;
  const close = 2 * margin + QUANTUM;
  const rounds: [number, number][] = [
    [SAME, margin],
    [OVERLAP, close],
  ];
  for (const [least, allowed] of rounds) {
    theirs = theirs.filter((box) => {
      const place = match(box, mine, least, allowed);
      if (place < 0) return true;
      worst = Math.max(worst, Math.abs(mine[place]![4] - box[4]));
      mine.splice(place, 1);
      return false;
    });
  }
  // A box may be missing if its score is at the limit, or the lowest of the other row, which is full.
  const areBounds = (left: readonly Box[], other: readonly number[]) => {
    const rows = rowsOf(other);
    const bounds = rows.every((box) => box[5] >= 0)
      ? [limit, Math.min(...rows.map((box) => box[4]))]
      : [limit];
    return left.every((box) => bounds.some((bound) => Math.abs(box[4] - bound) <= close));
  };
  return { same: areBounds(mine, expected) && areBounds(theirs, got), worst };
}

function match(box: Box, others: readonly Box[], least: number, allowed: number): number {
  let [best, place] = [0, -1];
  others.forEach((other, at) => {
    if (other[5] !== box[5] || Math.abs(other[4] - box[4]) > allowed) return;
    const overlap = iou(box, other);
    if (overlap > best && overlap >= least) [best, place] = [overlap, at];
  });
  return place;
}
