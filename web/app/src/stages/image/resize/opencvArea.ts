/** Resize as `cv2.resize` does it for 8 bits with INTER_AREA (spec/IMAGE.md §3.3). */
import { halved, interpolated, type Lines, scaleOf, weighted } from "./opencv";
import { emptyLike, type Pixels, roundEven } from "./rule";

/** A pixel that is covered by no more than this is left out. */
const LEAST = 1e-3;

interface Cover {
  readonly start: number;
  /** The weights of the pixels from `start` on. */
  readonly weights: Float32Array;
}

export function resizedByArea(pixels: Pixels, width: number, height: number): Pixels {
  if (pixels.width === width && pixels.height === height) return { ...pixels, data: pixels.data.slice() };
  if (width > pixels.width || height > pixels.height) {
    return interpolated(pixels, between(pixels.width, width), between(pixels.height, height));
  }
  if (pixels.width % width || pixels.height % height) return averaged(pixels, width, height);
  if (pixels.width === 2 * width && pixels.height === 2 * height) return halved(pixels);
  return blocks(pixels, width, height);
}

/** The mean of each block of pixels: an integer sum times the reciprocal of the area, in float32. */
function blocks(pixels: Pixels, width: number, height: number): Pixels {
  const { channels, data } = pixels;
  const made = emptyLike(pixels, width, height);
  const [across, down] = [pixels.width / width, pixels.height / height];
  const sums = new Float64Array(made.data.length);
  for (let y = 0; y < pixels.height; y++) {
    for (let x = 0; x < pixels.width; x++) {
      const from = (y * pixels.width + x) * channels;
      const to = (Math.floor(y / down) * width + Math.floor(x / across)) * channels;
      for (let i = 0; i < channels; i++) sums[to + i]! += data[from + i]!;
    }
  }
  const share = Math.fround(1 / (across * down));
  sums.forEach((sum, at) => (made.data[at] = level(Math.fround(Math.fround(sum) * share))));
  return made;
}

/** Weigh pixels by the part of them that is covered, in float32, columns first. */
function averaged(pixels: Pixels, width: number, height: number): Pixels {
  const { channels } = pixels;
  const made = emptyLike(pixels, width, height);
  const across = summed(pixels.data, covered(pixels.width, width), pixels.height, pixels.width, channels);
  const down = summed(across, covered(pixels.height, height), 1, pixels.height, width * channels);
  down.forEach((value, at) => (made.data[at] = level(value)));
  return made;
}

/** The weighted sums along the middle dimension of outer × before × inner. */
function summed(
  data: Uint8Array | Uint16Array | Float32Array,
  covers: readonly Cover[],
  outer: number,
  before: number,
  inner: number,
): Float32Array {
  const made = new Float32Array(outer * covers.length * inner);
  let to = 0;
  for (let line = 0; line < outer; line++) {
    for (const { start, weights } of covers) {
      const from = (line * before + start) * inner;
      for (let j = 0; j < inner; j++) {
        let sum = 0;
        for (let tap = 0, at = from + j; tap < weights.length; tap++, at += inner) {
          sum = Math.fround(sum + Math.fround(data[at]! * weights[tap]!));
        }
        made[to++] = sum;
      }
    }
  }
  return made;
}

function covered(before: number, after: number): Cover[] {
  const { scale } = scaleOf(before, after);
  return Array.from({ length: after }, (_, i) => {
    const begin = i * scale;
    const end = begin + scale;
    const cell = Math.min(scale, before - begin);
    const last = Math.min(Math.floor(end), before - 1);
    const first = Math.min(Math.ceil(begin), last);
    const weights = new Array<number>(last - first).fill(1 / cell);
    const partial = first - begin > LEAST;
    if (partial) weights.unshift((first - begin) / cell);
    if (end - last > LEAST) weights.push(Math.min(end - last, 1, cell) / cell);
    return { start: partial ? first - 1 : first, weights: Float32Array.from(weights) };
  });
}

/** The neighbours where one dimension grows: OpenCV then interpolates in both. */
function between(before: number, after: number): Lines {
  const { scale, inverse } = scaleOf(before, after);
  const first = Int32Array.from({ length: after }, (_, i) => Math.floor(i * scale));
  const weights = Array.from(first, (at, i) => {
    const fraction = Math.fround(i + 1 - (at + 1) * inverse);
    return weighted(fraction <= 0 ? 0 : Math.fround(fraction - Math.floor(fraction)));
  });
  return { first, weights };
}

function level(value: number): number {
  return Math.min(Math.max(roundEven(value), 0), 255);
}
