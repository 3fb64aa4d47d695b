/** A picture between two steps of an image stage, and what is known of it before one is decoded (stages/image/grid.py). */
import { Refusal } from "./decode";

export type Levels = Uint8Array | Uint16Array | Float32Array | Float64Array;

/** What follows from the specification: sizes are null where they depend on the picture. */
export interface Shape {
  readonly height: number | null;
  readonly width: number | null;
  readonly channels: number;
  /** The bits of integer levels, or `float` after an arithmetic step. */
  readonly depth: "8" | "16" | "float";
}

/** Height and width of the decoded picture, scale y and x, offset y and x (spec/IMAGE.md §7). */
export type Geometry = readonly [number, number, number, number, number, number];

export interface Grid {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Row by row, and within a row pixel by pixel. */
  readonly levels: Levels;
  readonly geometry: Geometry;
  /** What makes an answer less reliable; of a decoded picture, not after steps. */
  readonly notes?: readonly string[];
}

/** The grid after a resize to `height` and `width`. */
export function resizedGrid(before: Grid, height: number, width: number, levels: Levels): Grid {
  const [h, w, sy, sx, oy, ox] = before.geometry;
  const [fy, fx] = [height / before.height, width / before.width];
  return { ...before, height, width, levels, geometry: [h, w, sy * fy, sx * fx, oy * fy, ox * fx] };
}

/** The grid with another part of the picture, whose first pixel moved to row `down` and column `right`. */
export function movedGrid(
  before: Grid,
  part: Pick<Grid, "height" | "width" | "levels">,
  down: number,
  right: number,
): Grid {
  const [h, w, sy, sx, oy, ox] = before.geometry;
  return { ...before, ...part, geometry: [h, w, sy, sx, oy + down, ox + right] };
}

/** Levels of the same type as those of `like`. */
export function levelsLike(like: Levels, count: number): Levels {
  return new (like.constructor as new (count: number) => Levels)(count);
}

export const unfit = (what: string) => new Refusal("unfit", what);
