/** Simple statistics of a picture as the net sees it (spec/IMAGE.md §9; stages/image/statistics.py). */
import type { Picture } from "./decode";
import { levelsAs } from "./modes";

/** Each statistic, and what it is called in a sentence, in the order of the sentence. */
export const NAMES = {
  size: "size",
  proportions: "proportions",
  colour: "colour",
  warmth: "colour",
  greenness: "colour",
  brightness: "brightness",
  contrast: "contrast",
  sharpness: "sharpness",
  top: "layout",
  left: "layout",
  centre: "layout",
} as const;

export type Statistics = Readonly<Record<keyof typeof NAMES, number>>;

/** The largest side on which the numbers of a tensor are looked at. */
const MOST = 512;
/** A contrast that is a smaller share of the largest number is none. */
const NOISE = 1e-6;

/** The mean difference between the largest and the smallest channel of a pixel, from 0 to 255. */
export function colourOf(picture: Picture): number {
  if (picture.mode !== "P" && picture.mode !== "RGB" && picture.mode !== "RGBA") return 0;
  const levels = levelsAs(picture, "RGB", false);
  let sum = 0;
  for (let at = 0; at < levels.length; at += 3) {
    const [red, green, blue] = [levels[at]!, levels[at + 1]!, levels[at + 2]!];
    sum += Math.max(red, green, blue) - Math.min(red, green, blue);
  }
  return sum / (levels.length / 3);
}

/**
 * The statistics of a picture after all steps.
 *
 * @param pixels its numbers, in the layout.
 * @param sizes the sizes of `pixels`, in the order of the layout.
 * @param original the height and the width of the decoded picture.
 * @param colour `colourOf` the decoded picture.
 */
export function statisticsOf(
  pixels: Float32Array,
  sizes: readonly [number, number, number],
  layout: "CHW" | "HWC",
  original: readonly [number, number],
  colour: number,
): Statistics {
  const isPlanar = layout === "CHW";
  const [channels, height, width] = isPlanar ? sizes : [sizes[2], sizes[0], sizes[1]];
  const step = Math.ceil(Math.max(height, width) / MOST);
  const [rows, columns] = [Math.ceil(height / step), Math.ceil(width / step)];
  const grey = new Float64Array(rows * columns);
  const sums = new Float64Array(channels);
  const [along, skip] = isPlanar ? [1, height * width] : [channels, 1];
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, to++) {
      const at = (y * width + x) * step * along;
      for (let channel = 0; channel < channels; channel++) {
        const value = pixels[at + channel * skip]!;
        sums[channel]! += value;
        grey[to]! += value / channels;
      }
    }
  }
  const part = (top: number, left: number, bottom: number, right: number) =>
    mean(grey, columns, top, left, bottom, right);
  const brightness = part(0, 0, rows, columns);
  const deviation = Math.sqrt(grey.reduce((sum, value) => sum + (value - brightness) ** 2, 0) / grey.length);
  const largest = grey.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const contrast = deviation <= NOISE * largest ? 0 : deviation; // equal numbers are rounded
  const [red, green, blue] = [...sums].map((sum) => sum / grey.length);
  const [isTinted, half, across] = [channels > 2, rows >> 1, columns >> 1];
  const [down, over] = [rows >> 2, columns >> 2];
  const relative = (value: number) => (contrast > 0 ? value / contrast : 0);
  return {
    size: Math.sqrt(original[0] * original[1]),
    proportions: original[1] / original[0],
    colour,
    warmth: isTinted ? relative(red! - blue!) : 0,
    greenness: isTinted ? relative(green! - (red! + blue!) / 2) : 0,
    brightness,
    contrast,
    sharpness: relative(changeOf(grey, rows, columns)),
    top: half ? relative(part(0, 0, half, columns) - part(rows - half, 0, rows, columns)) : 0,
    left: across ? relative(part(0, 0, rows, across) - part(0, columns - across, rows, columns)) : 0,
    centre: relative(part(down, over, rows - down, columns - over) - brightness),
  };
}

function mean(
  grey: Float64Array,
  columns: number,
  top: number,
  left: number,
  bottom: number,
  right: number,
): number {
  let sum = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += grey[y * columns + x]!;
  return sum / ((bottom - top) * (right - left));
}

/** The mean absolute difference between neighbours in a row or a column. */
function changeOf(grey: Float64Array, rows: number, columns: number): number {
  let sum = 0;
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, at++) {
      if (x > 0) sum += Math.abs(grey[at]! - grey[at - 1]!);
      if (y > 0) sum += Math.abs(grey[at]! - grey[at - columns]!);
    }
  }
  return sum / Math.max(1, (rows - 1) * columns + rows * (columns - 1));
}
