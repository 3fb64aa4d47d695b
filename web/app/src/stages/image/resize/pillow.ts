/** Resize as `PIL.Image.Image.resize` does it (spec/IMAGE.md §2). */
import { type Taps, tapsOf } from "./filters";
import { emptyLike, passesOf, picked, type Pixels, type ResizeRule } from "./rule";

/** The fractional bits of a coefficient. */
const BITS = 22;

export function resizedAsPillow(pixels: Pixels, width: number, height: number, rule: ResizeRule): Pixels {
  if (pixels.width === width && pixels.height === height) return { ...pixels, data: pixels.data.slice() };
  if (rule.filter === "nearest") {
    const positions = pixels.data instanceof Uint16Array ? nearest16 : nearest8;
    return picked(pixels, positions(pixels.width, width), positions(pixels.height, height));
  }
  const alpha = pixels.channels === 2 || pixels.channels === 4;
  const made = filtered(alpha ? premultiplied(pixels) : pixels, width, height, rule);
  return alpha ? divided(made) : made;
}

/** For each pixel of the result the pixel that it copies; positions accumulate, with their rounding errors. */
function nearest8(before: number, after: number): Int32Array {
  const scale = before / after;
  let position = scale * 0.5;
  return Int32Array.from({ length: after }, () => {
    const at = Math.trunc(position);
    position += scale;
    return at;
  });
}

/** The same for 16 bits, where each position is one product. */
function nearest16(before: number, after: number): Int32Array {
  const scale = before / after;
  return Int32Array.from({ length: after }, (_, i) => Math.trunc(scale * (i + 0.5)));
}

function filtered(pixels: Pixels, width: number, height: number, rule: ResizeRule): Pixels {
  const across = (image: Pixels) => pass(image, "x", width, rule.filter);
  const down = (image: Pixels) => pass(image, "y", height, rule.filter);
  const lower = pixels.height - height;
  const first = passesOf(rule) === "by-size" && lower > 0 && lower > 2 * (pixels.width - width);
  return first ? across(down(pixels)) : down(across(pixels));
}

/** Filter one dimension; the levels are rounded to integers afterwards. */
function pass(pixels: Pixels, axis: "x" | "y", after: number, name: string): Pixels {
  const before = axis === "x" ? pixels.width : pixels.height;
  if (before === after) return pixels;
  const made =
    axis === "x" ? emptyLike(pixels, after, pixels.height) : emptyLike(pixels, pixels.width, after);
  const [outer, inner] =
    axis === "x" ? [pixels.height, pixels.channels] : [1, pixels.width * pixels.channels];
  const taps = tapsOf(before, after, name);
  const grid: Grid = { data: pixels.data, outer, before, inner };
  if (made.data instanceof Uint16Array) filter16(grid, taps, made.data);
  else filter8(grid, taps, made.data);
  return made;
}

/** Levels as outer × before × inner, of which the middle dimension is filtered. */
interface Grid {
  readonly data: Uint8Array | Uint16Array;
  readonly outer: number;
  readonly before: number;
  readonly inner: number;
}

/** Filter 8 bits, in integers of 32 bits. */
function filter8({ data, outer, before, inner }: Grid, taps: Taps, made: Uint8Array): void {
  const { starts, counts, size } = taps;
  const weights = Int32Array.from(taps.weights, fixed);
  let to = 0;
  for (let line = 0; line < outer; line++) {
    for (let i = 0; i < starts.length; i++) {
      const first = i * size;
      const end = first + counts[i]!;
      const from = (line * before + starts[i]!) * inner;
      for (let j = 0; j < inner; j++) {
        let sum = 1 << (BITS - 1);
        for (let tap = first, at = from + j; tap < end; tap++, at += inner) {
          sum = (sum + Math.imul(data[at]!, weights[tap]!)) | 0;
        }
        made[to++] = Math.min(Math.max(sum >> BITS, 0), 255);
      }
    }
  }
}

/** Filter 16 bits, in float64. */
function filter16({ data, outer, before, inner }: Grid, taps: Taps, made: Uint16Array): void {
  const { starts, counts, weights, size } = taps;
  let to = 0;
  for (let line = 0; line < outer; line++) {
    for (let i = 0; i < starts.length; i++) {
      for (let j = 0; j < inner; j++) {
        let sum = 0;
        for (let tap = 0; tap < counts[i]!; tap++) {
          sum += data[(line * before + starts[i]! + tap) * inner + j]! * weights[i * size + tap]!;
        }
        made[to++] = Math.min(Math.max(Math.trunc(sum >= 0 ? sum + 0.5 : sum - 0.5), 0), 65535);
      }
    }
  }
}

function fixed(weight: number): number {
  const scaled = weight * (1 << BITS);
  return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

/** Map the colours of each pixel, given its alpha, which is the last channel. */
function recoloured(pixels: Pixels, change: (colour: number, alpha: number) => number): Pixels {
  const made = emptyLike(pixels, pixels.width, pixels.height);
  const { channels, data } = pixels;
  for (let at = 0; at < data.length; at += channels) {
    const alpha = data[at + channels - 1]!;
    for (let i = 0; i < channels - 1; i++) made.data[at + i] = change(data[at + i]!, alpha);
    made.data[at + channels - 1] = alpha;
  }
  return made;
}

function premultiplied(pixels: Pixels): Pixels {
  return recoloured(pixels, (colour, alpha) => {
    const product = colour * alpha + 128;
    return ((product >> 8) + product) >> 8;
  });
}

function divided(pixels: Pixels): Pixels {
  return recoloured(pixels, (colour, alpha) =>
    alpha === 0 || alpha === 255 ? colour : Math.min(Math.trunc((255 * colour) / alpha), 255),
  );
}
