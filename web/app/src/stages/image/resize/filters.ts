/** The coefficients of Pillow's filters, for one dimension (spec/IMAGE.md §2.2). */
export interface Taps {
  /** For each pixel of the result the first pixel that it is computed from. */
  readonly starts: Int32Array;
  /** How many pixels it is computed from. */
  readonly counts: Int32Array;
  /** The weights, `size` numbers for each pixel of the result, the rest zeros. */
  readonly weights: Float64Array;
  readonly size: number;
}

// Pillow writes the constants of the Hamming window as float32: 0.54 as a float64 gives other coefficients.
const OFFSET = Math.fround(0.54);
const AMPLITUDE = Math.fround(0.46);

function bilinear(x: number): number {
  x = Math.abs(x);
  return x < 1 ? 1 - x : 0;
}

function hamming(x: number): number {
  x = Math.abs(x);
  if (x === 0) return 1;
  if (x >= 1) return 0;
  const angle = x * Math.PI;
  return (Math.sin(angle) / angle) * (OFFSET + AMPLITUDE * Math.cos(angle));
}

function bicubic(x: number): number {
  x = Math.abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}

const SHAPES: Readonly<Record<string, readonly [(x: number) => number, number]>> = {
  box: [(x) => (x > -0.5 && x <= 0.5 ? 1 : 0), 0.5],
  bilinear: [bilinear, 1],
  hamming: [hamming, 1],
  bicubic: [bicubic, 2],
  lanczos: [(x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0), 3],
};

/** The taps that resize `before` pixels to `after` with the filter `name`. */
export function tapsOf(before: number, after: number, name: string): Taps {
  const [shape, radius] = SHAPES[name]!;
  const scale = before / after;
  const stretch = Math.max(scale, 1);
  const support = radius * stretch;
  const size = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(after);
  const counts = new Int32Array(after);
  const weights = new Float64Array(after * size);
  for (let i = 0; i < after; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const count = Math.min(Math.trunc(centre + support + 0.5), before) - start;
    starts[i] = start;
    counts[i] = count;
    let total = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = shape((tap + start - centre + 0.5) * (1 / stretch));
      weights[i * size + tap] = weight;
      total += weight;
    }
    if (total === 0) continue;
    for (let tap = 0; tap < count; tap++) weights[i * size + tap]! /= total;
  }
  return { starts, counts, weights, size };
}
