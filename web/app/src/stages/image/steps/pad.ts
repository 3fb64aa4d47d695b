/** `pad`: pixels of one colour around the picture (spec/IMAGE.md §6.3). */
import { isObject } from "../../../seal/json";
import { INTEGERS, integer, items, keys, Malformed } from "../../read";
import { checkSize, MOST_SIDE } from "../decode/picture";
import { levelsLike, movedGrid, type Grid, type Shape } from "../grid";
import { checkChannels, choice, numbers, single, size, type Raw, type Step } from "./base";

const KINDS = ["by", "least", "square", "multiple"];
const MOST = { "8": 255, "16": 65535, float: null };

/** Added rows and columns: fixed numbers of them, or as many as a size, a square or a multiple needs. */
export class Pad implements Step {
  private readonly to: string;
  private readonly by: readonly number[] = [];
  private readonly at: "start" | "end" | "floor" | "ceil" | "" = "";
  private readonly value: readonly number[];

  constructor(raw: Raw) {
    const options = keys(raw, ["step", "to"], ["at", "value"]);
    const { to } = options;
    const [kind, ...others] = isObject(to) ? Object.keys(to) : [];
    if (!isObject(to) || kind === undefined || others.length > 0 || !KINDS.includes(kind))
      throw new Malformed("to must have one of the keys by, least, square, multiple");
    this.to = kind;
    const given = to[kind];
    if (kind === "by") this.by = items(given, INTEGERS, 4, 4).map((item) => integer(item, 0, MOST_SIDE));
    else if (kind === "least") this.by = size(given);
    else if (kind === "multiple") this.by = [integer(given, 1, MOST_SIDE)];
    else if (given !== true) throw new Malformed("square must be true");
    const hasPlace = Object.hasOwn(options, "at");
    if (hasPlace === (kind === "by"))
      throw new Malformed("at is required, except for by, where it is not permitted");
    if (hasPlace) this.at = choice(options["at"], "at", ["start", "end", "floor", "ceil"]);
    this.value = single(numbers(Object.hasOwn(options, "value") ? options["value"] : [0], "value"), "value");
  }

  shape(before: Shape): Shape {
    checkChannels(this.value, "value", before.channels);
    const most = MOST[before.depth];
    if (most !== null && !this.value.every((value) => Number.isInteger(value) && value >= 0 && value <= most))
      throw new Malformed(`value must be whole numbers from 0 to ${most}`);
    const { height, width } = before;
    if (height === null || width === null) return before;
    const after = this.after(height, width);
    if (Math.max(...after) > MOST_SIDE) throw new Malformed("a pad exceeds the largest picture");
    return { ...before, height: after[0], width: after[1] };
  }

  apply(grid: Grid): Grid {
    const [height, width] = this.after(grid.height, grid.width);
    checkSize({ height, width });
    const { levels, channels } = grid;
    const [down, right] =
      this.to === "by"
        ? [this.by[0]!, this.by[2]!]
        : [this.before(height - grid.height), this.before(width - grid.width)];
    const made = levelsLike(levels, height * width * channels);
    for (let at = 0; at < made.length; at++) made[at] = this.value[(at % channels) % this.value.length]!;
    for (let y = 0; y < grid.height; y++) {
      const row = levels.subarray(y * grid.width * channels, (y + 1) * grid.width * channels);
      made.set(row, ((y + down) * width + right) * channels);
    }
    return movedGrid(grid, { height, width, levels: made }, down, right);
  }

  /** The new height and width. */
  private after(rows: number, columns: number): [number, number] {
    const [first, second, third, fourth] = this.by as [number, number, number, number];
    switch (this.to) {
      case "by":
        return [rows + first + second, columns + third + fourth];
      case "least":
        return [Math.max(rows, first), Math.max(columns, second)];
      case "square":
        return [Math.max(rows, columns), Math.max(rows, columns)];
      default:
        return [Math.ceil(rows / first) * first, Math.ceil(columns / first) * first];
    }
  }

  /** How many of the added rows precede the picture. */
  private before(added: number): number {
    return { start: 0, end: added, floor: added >> 1, ceil: added - (added >> 1), "": 0 }[this.at];
  }
}
