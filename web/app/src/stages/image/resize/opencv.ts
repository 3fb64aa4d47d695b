/** Resize as `cv2.resize` does it for 8 bits with INTER_NEAREST and INTER_LINEAR (spec/IMAGE.md §3). */
import { emptyLike, picked, type Pixels, roundEven } from "./rule";

/** A weight of 1. */
const ONE = 2048;

/** For each pixel of the result along one dimension: its first pixel, and the weights of that and of the next. */
export interface Lines {
  readonly first: Int32Array;
  readonly weights: readonly (readonly [number, number])[];
}

/** The quotient of the sizes, by way of its reciprocal, which is rounded too. */
export function scaleOf(before: number, after: number): { scale: number; inverse: number } {
  const inverse = after / before;
  return { scale: 1 / inverse, inverse };
}

export function resizedAsOpencv(pixels: Pixels, width: number, height: number, filter: string): Pixels {
  if (pixels.width === width && pixels.height === height) return { ...pixels, data: pixels.data.slice() };
  if (filter === "nearest")
    return picked(pixels, nearest(pixels.width, width), nearest(pixels.height, height));
  if (pixels.width === 2 * width && pixels.height === 2 * height) return halved(pixels);
  return interpolated(pixels, linear(pixels.width, width), linear(pixels.height, height));
}

/** Each 2 × 2 pixels become their mean, rounded half up. */
export function halved(pixels: Pixels): Pixels {
  const { channels, data } = pixels;
  const made = emptyLike(pixels, pixels.width / 2, pixels.height / 2);
  const row = pixels.width * channels;
  let to = 0;
  for (let y = 0; y < made.height; y++) {
    for (let x = 0; x < made.width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        const at = 2 * (y * row + x * channels) + channel;
        const sum = data[at]! + data[at + channels]! + data[at + row]! + data[at + row + channels]!;
        made.data[to++] = (sum + 2) >> 2;
      }
    }
  }
  return made;
}

/** Interpolate between two columns, then between two rows, in integers. */
export function interpolated(pixels: Pixels, across: Lines, down: Lines): Pixels {
  const { width, height, channels, data } = pixels;
  const made = emptyLike(pixels, across.first.length, down.first.length);
  const size = made.width * channels;
  const lines = new Int32Array(height * size);
  for (let x = 0; x < made.width; x++) {
    const first = across.first[x]!;
    // Before the first column and from the last one on, the whole weight is that column's. Rows keep their weights.
    const [left, right] = first < 0 || first >= width - 1 ? [ONE, 0] : across.weights[x]!;
    const near = clamped(first, width) * channels;
    const far = clamped(clamped(first, width) + 1, width) * channels;
    for (let y = 0; y < height; y++) {
      const from = y * width * channels;
      for (let i = 0; i < channels; i++) {
        const level = data[from + near + i]! * left + data[from + far + i]! * right;
        lines[y * size + x * channels + i] = level >> 4;
      }
    }
  }
  for (let y = 0; y < made.height; y++) {
    const [upper, lower] = down.weights[y]!;
    const above = clamped(down.first[y]!, height) * size;
    const below = clamped(down.first[y]! + 1, height) * size;
    for (let i = 0; i < size; i++) {
      const total = ((lines[above + i]! * upper) >> 16) + ((lines[below + i]! * lower) >> 16);
      made.data[y * size + i] = Math.min((total + 2) >> 2, 255);
    }
  }
  return made;
}

/** Two weights, from the fraction between neighbours, which is a float32. */
export function weighted(fraction: number): readonly [number, number] {
  return [roundEven(Math.fround(1 - fraction) * ONE), roundEven(fraction * ONE)];
}

function clamped(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size - 1);
}

function nearest(before: number, after: number): Int32Array {
  const { scale } = scaleOf(before, after);
  return Int32Array.from({ length: after }, (_, i) => Math.min(Math.floor(i * scale), before - 1));
}

function linear(before: number, after: number): Lines {
  const { scale } = scaleOf(before, after);
  const positions = Array.from({ length: after }, (_, i) => Math.fround((i + 0.5) * scale - 0.5));
  return {
    first: Int32Array.from(positions, Math.floor),
    weights: positions.map((position) => weighted(Math.fround(position - Math.floor(position)))),
  };
}
