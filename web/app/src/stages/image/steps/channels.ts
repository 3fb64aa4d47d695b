/** `gray` and `channels`: other channels of the same pixels (spec/IMAGE.md §6.4). */
import { INTEGERS, integer, items, keys, Malformed } from "../../read";
import { levelsLike, type Grid, type Shape } from "../grid";
import { choice, type Raw, type Step } from "./base";

/** The weights of the three channels, and the bits of their fraction. */
const WEIGHTS = { pillow: [19595, 38470, 7471, 16], opencv: [9798, 19235, 3735, 15] } as const;

/** Red, green and blue levels become one grey level. */
export class Gray implements Step {
  private readonly weights: readonly [number, number, number, number];

  constructor(raw: Raw) {
    this.weights =
      WEIGHTS[choice(keys(raw, ["step", "library"])["library"], "library", ["pillow", "opencv"])];
  }

  shape(before: Shape): Shape {
    if (before.channels !== 3 || before.depth !== "8")
      throw new Malformed("gray needs three channels of 8 bits");
    return { ...before, channels: 1 };
  }

  apply(grid: Grid): Grid {
    return { ...grid, channels: 1, levels: grey(grid.levels, 3, this.weights) };
  }
}

/** The grey levels of pixels of 3 or 4 channels, of which the fourth is ignored. */
export function grey(
  levels: ArrayLike<number>,
  channels: number,
  [red, green, blue, bits]: readonly [number, number, number, number] = WEIGHTS.pillow,
): Uint8Array {
  const made = new Uint8Array(levels.length / channels);
  const half = 1 << (bits - 1);
  for (let i = 0, at = 0; i < made.length; i++, at += channels)
    made[i] = (red * levels[at]! + green * levels[at + 1]! + blue * levels[at + 2]! + half) >> bits;
  return made;
}

/** Channels by their indices, such as blue first. */
export class Channels implements Step {
  private readonly order: readonly number[];

  constructor(raw: Raw) {
    const order = items(keys(raw, ["step", "order"])["order"], INTEGERS, 4, 1);
    this.order = order.map((index) => integer(index, 0, 3));
  }

  shape(before: Shape): Shape {
    const last = Math.max(...this.order);
    if (last >= before.channels) throw new Malformed(`there is no channel ${last}`);
    return { ...before, channels: this.order.length };
  }

  apply(grid: Grid): Grid {
    const { levels, channels } = grid;
    const made = levelsLike(levels, (levels.length / channels) * this.order.length);
    let to = 0;
    for (let at = 0; at < levels.length; at += channels)
      for (const index of this.order) made[to++] = levels[at + index]!;
    return { ...grid, channels: this.order.length, levels: made };
  }
}
