/** A frame of a file for display, with what a window needs. The answer does not depend on it. */
import type { Scan } from "../stages";
import { edgesOf, forDisplay } from "./picture";
import type { ShownScan } from "./protocol";

/** The frame with at most `side` pixels on its longer side; each value is the mean of those that it replaces. */
export function scanForDisplay({ values, colours, ...scan }: Scan, side: number): ShownScan {
  if (colours) return { ...scan, values: null, image: forDisplay(colours, side).image };
  const { width, height } = scan;
  const factor = Math.max(1, Math.max(width, height) / side);
  const [columns, rows] = [Math.max(1, Math.round(width / factor)), Math.max(1, Math.round(height / factor))];
  const data = new Float32Array(columns * rows);
  const [xs, ys] = [edgesOf(columns, width), edgesOf(rows, height)];
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, to++) {
      const [left, right, top, bottom] = [xs[x]!, xs[x + 1]!, ys[y]!, ys[y + 1]!];
      let sum = 0;
      for (let v = top; v < bottom; v++) for (let u = left; u < right; u++) sum += values![v * width + u]!;
      data[to] = sum / ((right - left) * (bottom - top));
    }
  }
  return { ...scan, values: { columns, rows, data }, image: null };
}
