/** The cells of a mask, the class of each pixel that follows from them, and its run lengths (spec/MASK.md, contract/outputs/mask_cells.py). */

/** Numbers before the cells. */
export const HEADER = 12;
/** A cell is STEPS · class + ⌊STEPS · margin⌋; −1 is no class. */
export const STEPS = 4096;
const MOST_SIDE = 1 << 15;
const MOST_PIXELS = 2 ** 27;

/** A mask as the cells of a grid, and where the grid lies in the picture. */
export interface MaskGrid {
  /** The size of the picture in pixels. */
  height: number;
  width: number;
  /** The class of each cell, row by row; −1 for none. */
  cells: Int16Array;
  rows: number;
  columns: number;
  /** Where a point of the picture is in the grid: point · scale + offset, as [y, x]. */
  scale: readonly [number, number];
  offset: readonly [number, number];
}

/** The mask of an answer to one row; null if there is none, or the numbers are no mask. */
export function readMask(numbers: readonly unknown[], classes: number): MaskGrid | null {
  const head = numbers.slice(0, HEADER).map(Number);
  const sides = [head[0]!, head[1]!, head[6]!, head[7]!];
  if (!sides.every((side) => Number.isInteger(side) && side >= 1 && side <= MOST_SIDE)) return null;
  const [height, width, rows, columns] = sides as [number, number, number, number];
  if (height * width > MOST_PIXELS || rows * columns !== numbers.length - HEADER) return null;
  const cells = new Int16Array(rows * columns);
  for (let i = 0; i < cells.length; i++) {
    const value = numbers[HEADER + i] as number;
    cells[i] = value >= 0 && value < classes * STEPS ? Math.floor(value / STEPS) : -1;
  }
  const sum = (i: number) => head[2 + i]! + head[8 + i]!;
  return { height, width, cells, rows, columns, scale: [sum(0), sum(1)], offset: [sum(2), sum(3)] };
}

/** For each row (or column) of the picture, that of the grid; −1 outside of it. */
function places(size: number, scale: number, offset: number, cells: number): Int32Array {
  const places = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const at = (i + 0.5) * scale + offset;
    places[i] = at >= 0 && at < cells ? Math.floor(at) : -1;
  }
  return places;
}

function placesOf({ height, width, scale, offset, rows, columns }: MaskGrid): [Int32Array, Int32Array] {
  return [places(height, scale[0], offset[0], rows), places(width, scale[1], offset[1], columns)];
}

/** The class of each pixel, row by row; −1 where the picture is not covered. */
export function maskPixels(mask: MaskGrid): Int16Array {
  const [down, across] = placesOf(mask);
  const pixels = new Int16Array(mask.height * mask.width).fill(-1);
  for (let y = 0; y < mask.height; y++) {
    const start = down[y]! * mask.columns;
    if (start < 0) continue;
    for (let x = 0; x < mask.width; x++)
      if (across[x]! >= 0) pixels[y * mask.width + x] = mask.cells[start + across[x]!]!;
  }
  return pixels;
}

/** The number of pixels of each class. */
export function maskTotals(mask: MaskGrid, classes: number): number[] {
  const [down, across] = placesOf(mask).map((places, axis) => {
    const counts = new Float64Array(axis === 0 ? mask.rows : mask.columns);
    for (const place of places) if (place >= 0) counts[place]!++;
    return counts;
  }) as [Float64Array, Float64Array];
  const totals = new Array<number>(classes).fill(0);
  for (let i = 0; i < mask.cells.length; i++) {
    const value = mask.cells[i]!;
    if (value >= 0) totals[value]! += down[Math.floor(i / mask.columns)]! * across[i % mask.columns]!;
  }
  return totals;
}

/** A class of a mask: its number of pixels, and its run lengths as in COCO, column by column. */
export interface ClassRuns {
  place: number;
  pixels: number;
  counts: number[];
}

export function maskRuns(mask: MaskGrid): ClassRuns[] {
  const pixels = maskPixels(mask);
  /** By class: where its last run ended. */
  const ends = new Map<number, number>();
  const runs = new Map<number, ClassRuns>();
  const size = pixels.length;
  const at = (i: number) => pixels[(i % mask.height) * mask.width + Math.floor(i / mask.height)]!;
  for (let start = 0; start < size;) {
    const place = at(start);
    let end = start + 1;
    while (end < size && at(end) === place) end++;
    if (place >= 0) {
      const own = runs.get(place) ?? { place, pixels: 0, counts: [] };
      own.counts.push(start - (ends.get(place) ?? 0), end - start);
      own.pixels += end - start;
      runs.set(place, own);
      ends.set(place, end);
    }
    start = end;
  }
  for (const own of runs.values()) {
    const end = ends.get(own.place)!;
    if (end < size) own.counts.push(size - end);
  }
  return [...runs.values()].sort((a, b) => a.place - b.place);
}
