/** The steps of an image stage (spec/IMAGE.md §6). */
import { Malformed } from "../../read";
import { Arithmetic, ARITHMETIC } from "./arithmetic";
import type { Raw, Step } from "./base";
import { Channels, Gray } from "./channels";
import { Crop } from "./crop";
import { Pad } from "./pad";
import { Resize } from "./resize";

export type { Step } from "./base";

const KINDS: ReadonlyMap<unknown, new (raw: Raw) => Step> = new Map<unknown, new (raw: Raw) => Step>([
  ["resize", Resize],
  ["crop", Crop],
  ["pad", Pad],
  ["gray", Gray],
  ["channels", Channels],
  ...ARITHMETIC.map((name) => [name, Arithmetic] as const),
]);

/** Reads a step. Throws Malformed. */
export function stepOf(raw: Raw): Step {
  const kind = KINDS.get(raw["step"]);
  if (!kind) throw new Malformed(`a step must be one of ${[...KINDS.keys()].join(", ")}`);
  return new kind(raw);
}
