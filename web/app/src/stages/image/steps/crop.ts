/** `crop`: a part of the picture (spec/IMAGE.md §6.2). */
import { keys, Malformed } from "../../read";
import { levelsLike, movedGrid, unfit, type Grid, type Shape } from "../grid";
import { roundEven } from "../resize/rule";
import { choice, size, type Raw, type Step } from "./base";

/** A part of a fixed size: in the middle, with a rule for halves, or from a fixed pixel on. */
export class Crop implements Step {
  private readonly size: readonly [number, number];
  private readonly at: "floor" | "half-even" | readonly [number, number];

  constructor(raw: Raw) {
    const options = keys(raw, ["step", "size", "at"]);
    this.size = size(options["size"]);
    this.at = Array.isArray(options["at"])
      ? size(options["at"], 0)
      : choice(options["at"], "at", ["floor", "half-even"] as const);
  }

  shape(before: Shape): Shape {
    const [height, width] = this.size;
    const [top, left] = typeof this.at === "string" ? [0, 0] : this.at;
    if (
      (before.height !== null && top + height > before.height) ||
      (before.width !== null && left + width > before.width)
    )
      throw new Malformed("a crop is larger than the picture");
    return { ...before, height, width };
  }

  apply(grid: Grid): Grid {
    const [height, width] = this.size;
    const { at } = this;
    const [top, left] =
      typeof at === "string" ? [middle(grid.height, height, at), middle(grid.width, width, at)] : at;
    if (top < 0 || left < 0 || top + height > grid.height || left + width > grid.width)
      throw unfit(
        `has ${grid.width} × ${grid.height} pixels, fewer than the ${width} × ${height} that are cropped`,
      );
    const { levels, channels } = grid;
    const made = levelsLike(levels, height * width * channels);
    for (let y = 0; y < height; y++) {
      const from = ((top + y) * grid.width + left) * channels;
      made.set(levels.subarray(from, from + width * channels), y * width * channels);
    }
    return movedGrid(grid, { height, width, levels: made }, -top, -left);
  }
}

/** The first row of the middle; -1 where there is none. */
function middle(before: number, after: number, rule: "floor" | "half-even"): number {
  if (after > before) return -1;
  return rule === "floor" ? (before - after) >> 1 : roundEven((before - after) / 2);
}
