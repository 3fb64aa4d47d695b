/** One image stage: from a picture to its numbers in the tensor (spec/IMAGE.md §4; stages/image/stage.py). */
import { PreparedImage, type DecodedPicture } from "../base";
import { integer, items, keys, Malformed, OBJECTS } from "../read";
import { Refusal } from "./decode";
import type { Picture } from "./decode";
import { MOST_SIDE } from "./decode/picture";
import { unfit, type Geometry, type Grid, type Shape } from "./grid";
import { CHANNELS, DecodeOptions } from "./options";
import { colourOf, statisticsOf, type Statistics } from "./statistics";
import { stepOf, type Step } from "./steps";
import { choice } from "./steps/base";
import { caution, Usual } from "./usual";

const MOST_STEPS = 64;
/** The maximum of numbers in a row of a tensor. */
const MOST_NUMBERS = 1 << 26;

export type Sizes = readonly [number | null, number | null, number | null];

/** A picture after all steps. */
export class PreparedPicture extends PreparedImage {
  constructor(
    readonly pixels: Float32Array,
    /** The sizes of `pixels`, in the order of the layout. */
    readonly sizes: readonly [number, number, number],
    readonly geometry: Geometry,
    private readonly layout: "CHW" | "HWC",
    /** What makes its answer less reliable. */
    readonly notes: readonly string[] = [],
  ) {
    super();
  }

  /** The same picture with one more note. */
  with(note: string): PreparedPicture {
    return new PreparedPicture(this.pixels, this.sizes, this.geometry, this.layout, [...this.notes, note]);
  }

  get area(): [number, number] {
    const [first, second, third] = this.sizes;
    return this.layout === "CHW" ? [second, third] : [first, second];
  }

  get placement(): [number, number, number, number] {
    const [, , ...placement] = this.geometry;
    return placement;
  }

  covered(top: number, left: number, height: number, width: number): PreparedPicture {
    const [rows, columns] = this.area;
    const plane = rows * columns;
    const channels = this.pixels.length / plane;
    const [step, skip] = this.layout === "CHW" ? [1, plane] : [channels, 1];
    const pixels = this.pixels.slice();
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let i = 0; i < plane; i++) sum += this.pixels[i * step + channel * skip]!;
      for (let y = Math.max(0, top); y < Math.min(rows, top + height); y++)
        for (let x = Math.max(0, left); x < Math.min(columns, left + width); x++)
          pixels[(y * columns + x) * step + channel * skip] = sum / plane;
    }
    return new PreparedPicture(pixels, this.sizes, this.geometry, this.layout);
  }
}

export class ImageStage {
  readonly layout: "CHW" | "HWC";
  readonly shape: Sizes;
  readonly decode: DecodeOptions;
  private readonly steps: readonly Step[];
  private readonly usual: Usual | null;

  /** Reads the key `spec` of a stage. Throws Malformed. */
  constructor(raw: unknown) {
    const spec = keys(raw, ["decode", "steps", "layout", "shape"], ["usual"]);
    this.decode = new DecodeOptions(spec["decode"]);
    this.steps = items(spec["steps"], OBJECTS, MOST_STEPS).map(stepOf);
    this.layout = choice(spec["layout"], "layout", ["CHW", "HWC"]);
    this.shape = shapeOf(spec);
    this.usual = Object.hasOwn(spec, "usual") ? new Usual(spec["usual"]) : null;
    const { mode } = this.decode;
    let shape: Shape = {
      height: null,
      width: null,
      channels: CHANNELS[mode],
      depth: mode === "I;16" ? "16" : "8",
    };
    this.steps.forEach((step, number) => {
      try {
        shape = step.shape(shape);
      } catch (error) {
        throw error instanceof Malformed ? new Malformed(`step ${number}: ${error.message}`) : error;
      }
    });
    const [channels, height, width] = this.order(this.shape);
    if (channels !== shape.channels)
      throw new Malformed(`shape has ${channels} channels, but the steps make ${shape.channels}`);
    if (shape.height !== null && (height !== shape.height || width !== shape.width))
      throw new Malformed(`shape contradicts the size ${shape.height} × ${shape.width} of the steps`);
  }

  /** The picture of a file after all steps. Throws a Refusal. */
  async prepare(file: Blob, onPicture?: (picture: DecodedPicture) => void): Promise<PreparedPicture> {
    const picture = await this.decode.picture(file);
    const grid = this.decode.grid(picture);
    onPicture?.({ ...grid, most: this.decode.mode === "I;16" ? 65535 : 255 });
    return this.compared(this.finished(grid), picture);
  }

  /** A decoded picture after all steps. Throws a Refusal. */
  prepareDecoded(picture: Picture): PreparedPicture {
    return this.compared(this.finished(this.decode.grid(picture)), picture);
  }

  /** The statistics of a picture after all steps that `usual` bounds. */
  statistics({ pixels, sizes, geometry }: PreparedPicture, picture: Picture): Statistics {
    return statisticsOf(pixels, sizes, this.layout, [geometry[0], geometry[1]], colourOf(picture));
  }

  /** The picture with a note if something in it is unusual. */
  private compared(prepared: PreparedPicture, picture: Picture): PreparedPicture {
    const unlike = this.usual?.unlike(this.statistics(prepared, picture)) ?? [];
    return unlike.length > 0 ? prepared.with(caution(unlike)) : prepared;
  }

  /** What stands for a missing picture. */
  missing(): PreparedPicture {
    const [a, b, c] = this.shape.map((size) => size ?? 1) as [number, number, number];
    const nowhere: Geometry = [NaN, NaN, NaN, NaN, NaN, NaN];
    return new PreparedPicture(new Float32Array(a * b * c), [a, b, c], nowhere, this.layout);
  }

  private finished(first: Grid): PreparedPicture {
    const grid = this.steps.reduce((before, step) => step.apply(before), first);
    const { height, width, channels, levels, geometry } = grid;
    if (levels.length > MOST_NUMBERS)
      throw new Refusal(
        "large",
        `has ${levels.length.toLocaleString("en")} numbers after the steps; at most ${MOST_NUMBERS.toLocaleString("en")} are permitted`,
      );
    const pixels = levels instanceof Float32Array && this.layout === "HWC" ? levels : this.arranged(grid);
    for (const level of pixels)
      if (!Number.isFinite(level)) throw unfit("has levels that a step makes infinite or undefined");
    const sizes = this.layout === "CHW" ? [channels, height, width] : [height, width, channels];
    if (this.shape.some((size, i) => size !== null && size !== sizes[i]))
      throw unfit(`has ${width} × ${height} pixels after the steps, which the model does not take`);
    return new PreparedPicture(
      pixels,
      sizes as [number, number, number],
      geometry,
      this.layout,
      first.notes ?? [],
    );
  }

  /** The levels as float32 in the order of the layout. */
  private arranged({ height, width, channels, levels }: Grid): Float32Array {
    if (this.layout === "HWC" || channels === 1) return Float32Array.from(levels);
    const made = new Float32Array(levels.length);
    const plane = height * width;
    for (let channel = 0, to = 0; channel < channels; channel++)
      for (let i = 0, at = channel; i < plane; i++, at += channels) made[to++] = levels[at]!;
    return made;
  }

  /** Channels, height, width. */
  private order([first, second, third]: Sizes): Sizes {
    return this.layout === "CHW" ? [first, second, third] : [third, first, second];
  }
}

/** The sizes in the tensor. Throws Malformed. */
export function shapeOf(spec: Record<string, unknown>): Sizes {
  const layout = choice(spec["layout"], "layout", ["CHW", "HWC"]);
  const { shape } = spec;
  if (!Array.isArray(shape) || shape.length !== 3) throw new Malformed("shape must be a list of three sizes");
  const sizes = (shape as unknown[]).map((size) =>
    size === null ? null : integer(size, 1, MOST_SIDE),
  ) as unknown as Sizes;
  const [channels, height, width] = layout === "CHW" ? sizes : [sizes[2], sizes[0], sizes[1]];
  if (channels === null || channels > 4 || (height === null) !== (width === null))
    throw new Malformed("shape must have 1 to 4 channels, and a height and a width, or null for both");
  return sizes;
}
