/** Undoes the orientation of EXIF (spec/IMAGE.md §5.2). */
import type { Size } from "./decode/picture";

interface Turned extends Size {
  levels: Uint8Array | Uint16Array;
}

/** The picture with its orientation, 1 to 8, undone. */
export function upright(
  levels: Turned["levels"],
  { width, height }: Size,
  channels: number,
  orientation: number,
): Turned {
  if (orientation === 1) return { width, height, levels };
  const isTransposed = orientation >= 5;
  const [columns, rows] = isTransposed ? [height, width] : [width, height];
  const made = levels instanceof Uint16Array ? new Uint16Array(levels.length) : new Uint8Array(levels.length);
  // Where pixel (x, y) of the result is: from the last column, and from the last row.
  const [fromRight, fromBottom] = [[2, 3, 7, 8].includes(orientation), [3, 4, 6, 7].includes(orientation)];
  let to = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const [u, v] = isTransposed ? [y, x] : [x, y];
      const column = fromRight ? width - 1 - u : u;
      const row = fromBottom ? height - 1 - v : v;
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) made[to++] = levels[from + channel]!;
    }
  }
  return { width: columns, height: rows, levels: made };
}
