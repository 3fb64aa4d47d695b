/** `multiply`, `divide`, `subtract`, `add`: one operation on every level (spec/IMAGE.md §6.5). */
import { keys, Malformed } from "../../read";
import type { Grid, Shape } from "../grid";
import { checkChannels, choice, numbers, single, type Raw, type Step } from "./base";

/** The result is rounded to float32 where it is stored; float64 has enough digits that this is the only rounding. */
const OPERATIONS: Readonly<Record<string, (level: number, by: number) => number>> = {
  multiply: (level, by) => level * by,
  divide: (level, by) => level / by,
  subtract: (level, by) => level - by,
  add: (level, by) => level + by,
};
/** The first is the default. */
const PRECISIONS = ["float32", "float64"] as const;
export const ARITHMETIC = Object.keys(OPERATIONS);

export class Arithmetic implements Step {
  private readonly operation: (level: number, by: number) => number;
  private readonly by: readonly number[];
  private readonly isDouble: boolean;

  constructor(raw: Raw) {
    const options = keys(raw, ["step", "by"], ["precision"]);
    const precision = choice(
      Object.hasOwn(options, "precision") ? options["precision"] : PRECISIONS[0],
      "precision",
      PRECISIONS,
    );
    this.isDouble = PRECISIONS.indexOf(precision) === 1;
    const by = numbers(options["by"], "by");
    this.by = this.isDouble ? by : single(by, "by");
    if (options["step"] === "divide" && this.by.includes(0)) throw new Malformed("a divisor must not be 0");
    this.operation = OPERATIONS[options["step"] as string]!;
  }

  shape(before: Shape): Shape {
    checkChannels(this.by, "by", before.channels);
    return { ...before, depth: "float" };
  }

  apply(grid: Grid): Grid {
    const { levels, channels } = grid;
    const by = Array.from({ length: channels }, (_, channel) => this.by[channel % this.by.length]!);
    const { operation } = this;
    const made = this.isDouble ? new Float64Array(levels.length) : new Float32Array(levels.length);
    const isRounded = !this.isDouble && levels instanceof Float64Array;
    for (let at = 0; at < levels.length; at += channels)
      for (let channel = 0; channel < channels; channel++) {
        const level = levels[at + channel]!;
        made[at + channel] = operation(isRounded ? Math.fround(level) : level, by[channel]!);
      }
    return { ...grid, levels: made };
  }
}
