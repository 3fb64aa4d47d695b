/** The rule of a resize: a library, one of its filters, and the order of the passes (spec/IMAGE.md §1). */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Row by row, and within a row pixel by pixel. */
  readonly data: Uint8Array | Uint16Array;
}

export interface ResizeRule {
  readonly library: string;
  readonly filter: string;
  /** Of Pillow: up to 12.3 it filters rows first, and 13.0 decides by the sizes. */
  readonly passes?: string;
}

export const FILTERS: Readonly<Record<string, readonly string[]>> = {
  pillow: ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"],
  opencv: ["nearest", "linear", "area"],
};
export const CHANNELS: Readonly<Record<string, readonly number[]>> = {
  pillow: [1, 2, 3, 4],
  opencv: [1, 3, 4],
};
export const PASS_ORDERS: readonly string[] = ["horizontal-first", "by-size"];

/** The maximum width and height, in pixels. */
const MOST_PIXELS = 1 << 15;

/** Throw a RangeError unless the library of `rule` can resize `pixels` to this size. */
export function checkResize(pixels: Pixels, width: number, height: number, rule: ResizeRule): void {
  const known = Object.hasOwn(FILTERS, rule.library) ? FILTERS[rule.library]! : [];
  if (!known.includes(rule.filter)) throw new RangeError(`${rule.library} has no filter ${rule.filter}`);
  if (!PASS_ORDERS.includes(passesOf(rule)))
    throw new RangeError(`there is no order of passes ${rule.passes}`);
  const sizes = [pixels.width, pixels.height, width, height];
  if (!sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= MOST_PIXELS)) {
    throw new RangeError(`an image must have 1 to ${MOST_PIXELS} rows and columns, before and after`);
  }
  const wide = pixels.data instanceof Uint16Array;
  const permitted = wide ? rule.library === "pillow" && pixels.channels === 1 : true;
  if (!permitted || !CHANNELS[rule.library]!.includes(pixels.channels)) {
    throw new RangeError(
      `${rule.library} does not resize ${pixels.channels} channels of ${wide ? 16 : 8} bits here`,
    );
  }
  if (pixels.data.length !== pixels.width * pixels.height * pixels.channels) {
    throw new RangeError("the number of levels must be width × height × channels");
  }
}

export function passesOf(rule: ResizeRule): string {
  return rule.passes ?? "by-size";
}

/** The image whose pixel (x, y) is the pixel (columns[x], rows[y]) of `pixels`. */
export function picked(pixels: Pixels, columns: Int32Array, rows: Int32Array): Pixels {
  const { width, channels, data } = pixels;
  const made = emptyLike(pixels, columns.length, rows.length);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) made.data[at++] = data[from + channel]!;
    }
  }
  return made;
}

export function emptyLike(pixels: Pixels, width: number, height: number): Pixels {
  const { channels, data } = pixels;
  const count = width * height * channels;
  return {
    width,
    height,
    channels,
    data: data instanceof Uint16Array ? new Uint16Array(count) : new Uint8Array(count),
  };
}

/** Round half to even, as IEEE 754 does by default. */
export function roundEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 ? low + 1 : low;
}
