/** A decoded picture, in the terms of Pillow: its mode, its levels, and what a conversion to another mode needs. */
import type { PictureCode } from "../../../contract/value";

export type Mode = "1" | "L" | "LA" | "P" | "RGB" | "RGBA" | "I;16";

export interface Picture {
  /** The format of the file, as Pillow names it: `JPEG`, `PNG` … */
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** `1` has the levels 0 and 255, `P` has positions in the palette. */
  readonly mode: Mode;
  /** Row by row, and within a row pixel by pixel. */
  readonly data: Uint8Array | Uint16Array;
  /** The colours of the mode `P`: red, green, blue. */
  readonly palette?: Uint8Array;
  /** The transparent level, colour or position in the palette; for a palette also the alpha of each position. */
  readonly transparency?: number | readonly number[] | Uint8Array;
  /** The value of EXIF's orientation, 1 to 8; 1 if the file has none, or its decoder has applied it. */
  readonly orientation: number;
  /** The number of pictures in the file, where this is known without decoding them; this is the first. */
  readonly frames: number;
  /** What makes an answer less reliable, such as "overlays, which are ignored". */
  readonly notes?: readonly string[];
}

/** The size of a picture before it is decoded. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Why a file has no picture: `unknown` (not a picture, or not of a known format), `unsupported` (a kind of picture that
 * is not decoded here with the levels of Pillow, or that the model does not take), `damaged`, `large`, `browser` (the
 * browser decodes such pictures with other levels), or `unfit` (it does not fit the steps of the stage).
 */
export type Reason = keyof typeof CODES;

/** The problem of the row, for each reason (spec/IMAGE.md §8). */
const CODES = {
  unknown: "R110",
  damaged: "R111",
  large: "R112",
  unsupported: "R113",
  browser: "R113",
  unfit: "R115",
} as const satisfies Record<string, PictureCode>;

/** Thrown for a file without a usable picture. `message` completes the sentence "The picture …". */
export class Refusal extends Error {
  constructor(
    readonly reason: Reason,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }

  get code(): PictureCode {
    return CODES[this.reason];
  }
}

/** A Refusal for a file that is, for example, `truncated`. */
export const damaged = (what: string) => new Refusal("damaged", `is ${what}`);
/** A Refusal for a file that is, for example, `a JPEG in CMYK`. */
export const unsupported = (what: string) => new Refusal("unsupported", `is ${what}, which is not read here`);

/** The maximum width and height (spec/IMAGE.md §1). */
export const MOST_SIDE = 1 << 15;
/** The maximum number of pixels: four bytes for each must fit into the memory of a browser. */
const MOST_PIXELS = 1 << 27;

/** Throws a Refusal unless a picture of this size may be decoded. */
export function checkSize({ width, height }: Size): void {
  if (width < 1 || height < 1) throw new Refusal("large", "has no pixels");
  if (width > MOST_SIDE || height > MOST_SIDE || width * height > MOST_PIXELS)
    throw new Refusal(
      "large",
      `has ${width} × ${height} pixels; at most ${MOST_SIDE} a side and ${MOST_PIXELS.toLocaleString("en")} altogether are permitted`,
    );
}

/** The number of levels of a pixel. */
export function channelsOf(mode: Mode): number {
  return { "1": 1, L: 1, LA: 2, P: 1, RGB: 3, RGBA: 4, "I;16": 1 }[mode];
}
