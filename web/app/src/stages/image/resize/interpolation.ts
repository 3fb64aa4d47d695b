/**
 * Resize floats as `torch.nn.functional.interpolate` and `tf.image.resize` do it (spec/IMAGE.md §3a;
 * stages/image/resize/interpolation.py). Positions and weights are rounded to float32, as PyTorch does.
 */

/** The filters of each library. Those of TensorFlow are `nearest-exact` and `bilinear` of PyTorch. */
export const INTERPOLATIONS: Readonly<Record<string, readonly string[]>> = {
  torch: ["nearest", "nearest-exact", "bilinear", "bicubic"],
  tensorflow: ["nearest", "bilinear"],
};
/** The filters that can be antialiased. */
export const SMOOTH: readonly string[] = ["bilinear", "bicubic"];

export interface Interpolation {
  readonly library: string;
  readonly filter: string;
  readonly antialias: boolean;
}

/** A picture in float32, row by row, and within a row pixel by pixel. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** For each pixel of the result `taps` pixels of the picture, and their weights. */
interface Taps {
  readonly taps: number;
  readonly places: Int32Array;
  readonly weights: Float64Array;
}

const { fround } = Math;

/** The picture with the given size; rows are filtered first. */
export function interpolated(
  picture: Picture,
  width: number,
  height: number,
  rule: Interpolation,
): Float32Array {
  let made = picture;
  if (picture.width !== width)
    made = filtered(made, width, picture.height, tapsOf(picture.width, width, rule), true);
  if (picture.height !== height)
    made = filtered(made, width, height, tapsOf(picture.height, height, rule), false);
  return made === picture ? picture.data.slice() : made.data;
}

/** Sums of neighbours along one dimension, in float64, rounded once. */
function filtered(before: Picture, width: number, height: number, taps: Taps, across: boolean): Picture {
  const { channels, data } = before;
  const made = new Float32Array(width * height * channels);
  const along = across ? channels : before.width * channels;
  let at = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const place = (across ? column : row) * taps.taps;
      const start = across ? row * before.width * channels : column * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = place; tap < place + taps.taps; tap++)
          sum += data[start + taps.places[tap]! * along + channel]! * taps.weights[tap]!;
        made[at++] = sum;
      }
    }
  return { width, height, channels, data: made };
}

function tapsOf(before: number, after: number, rule: Interpolation): Taps {
  const scale = fround(before / after);
  if (rule.antialias) return antialiased(before, after, scale, rule.filter);
  const last = before - 1;
  if (rule.filter.startsWith("nearest")) {
    const half = rule.library === "torch" && rule.filter === "nearest" ? 0 : 0.5;
    return made(after, 1, (step) => [[Math.min(Math.floor(fround(scale * (step + half))), last)], [1]]);
  }
  return made(after, rule.filter === "bilinear" ? 2 : 4, (step) => {
    // The product of two float32 is exact: one rounding, as a fused multiply-add has.
    let source = fround(scale * (step + 0.5) - 0.5);
    if (rule.filter === "bilinear") source = Math.max(source, 0);
    const first = Math.min(Math.floor(source), last);
    const share = Math.min(Math.max(fround(source - first), 0), 1);
    const other = fround(1 - share);
    if (rule.filter === "bilinear")
      return [
        [first, Math.min(first + 1, last)],
        [other, share],
      ];
    const distances = [fround(share + 1), share, other, fround(other + 1)];
    return [
      distances.map((_, tap) => Math.min(Math.max(first + tap - 1, 0), last)),
      distances.map((distance) => cubic(distance, -0.75)),
    ];
  });
}

/** The weights of a filter that is as wide as the pixels of the result. */
function antialiased(before: number, after: number, scale: number, filter: string): Taps {
  const support = fround((filter === "bilinear" ? 1 : 2) * Math.max(scale, 1));
  const inverse = scale >= 1 ? fround(1 / scale) : 1;
  const spans = Array.from({ length: after }, (_, step) => {
    const centre = fround(scale * (step + 0.5));
    const start = Math.max(Math.trunc(fround(fround(centre - support) + 0.5)), 0);
    const end = Math.min(Math.trunc(fround(fround(centre + support) + 0.5)), before);
    return { centre, start, end };
  });
  const most = Math.max(...spans.map(({ start, end }) => end - start));
  return made(after, most, (step) => {
    const { centre, start, end } = spans[step]!;
    const places = Array.from({ length: most }, (_, tap) => start + tap);
    const values = places.map((place) => {
      if (place >= end) return 0;
      const distance = fround(Math.abs(fround(fround(place - centre) + 0.5)) * inverse);
      return filter === "bilinear" ? Math.max(fround(1 - distance), 0) : cubic(distance, -0.5);
    });
    const total = values.reduce((sum, value) => fround(sum + value), 0) || 1;
    return [places.map((place) => Math.min(place, before - 1)), values.map((value) => fround(value / total))];
  });
}

function made(after: number, taps: number, of: (step: number) => [number[], number[]]): Taps {
  const places = new Int32Array(after * taps);
  const weights = new Float64Array(after * taps);
  for (let step = 0; step < after; step++) {
    const [some, values] = of(step);
    places.set(some, step * taps);
    weights.set(values, step * taps);
  }
  return { taps, places, weights };
}

/** The cubic convolution of Keys at a distance from 0, each product and sum rounded once to float32. */
function cubic(x: number, a: number): number {
  if (x <= 1) return fround(fround(fround((a + 2) * x - (a + 3)) * x) * x + 1);
  return x < 2 ? fround(fround(fround(a * x - 5 * a) * x + 8 * a) * x - 4 * a) : 0;
}
