/** Compares two masks cell by cell (spec/MASK.md §4, contract/outputs/mask_sets.py). */
import { HEADER, STEPS } from "./maskCells";

const PLACE = 1e-6;

/** Whether two rows have the same mask, and the largest difference of the margins of cells of the same class. */
export function agree(
  got: readonly number[],
  expected: readonly number[],
  margin: number,
): { same: boolean; worst: number } {
  if (Number.isNaN(got[0]) || Number.isNaN(expected[0]))
    return { same: Number.isNaN(got[0]) && Number.isNaN(expected[0]), worst: 0 };
  const isAt = (i: number) => Math.abs(got[i]! - expected[i]!) <= PLACE;
  if (got.length !== expected.length || !Array.from({ length: HEADER }, (_, i) => i).every(isAt))
    return { same: false, worst: Infinity };
  const most = 2 + 2 * margin * STEPS;
  let [same, worst] = [true, 0];
  for (let i = HEADER; i < got.length; i++) {
    const [mine, theirs] = [got[i]!, expected[i]!];
    if (mine === theirs) continue;
    if (!Number.isFinite(mine)) return { same: false, worst: Infinity };
    const [a, b] = [cell(mine), cell(theirs)];
    if (a.place === b.place) worst = Math.max(worst, Math.abs(a.margin - b.margin));
    else if (a.place < 0 || b.place < 0 || Math.max(a.margin, b.margin) > most) same = false;
  }
  worst /= STEPS;
  return { same: same && worst <= 1 / STEPS + 2 * margin, worst };
}

function cell(value: number): { place: number; margin: number } {
  if (!(value >= 0)) return { place: -1, margin: -1 };
  const place = Math.floor(value / STEPS);
  return { place, margin: value - STEPS * place };
}
