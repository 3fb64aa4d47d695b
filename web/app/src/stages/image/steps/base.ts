/** The protocol of a step, and what several of them read (stages/image/steps/base.py). */
import { INTEGERS, integer, items, Malformed } from "../../read";
import { MOST_SIDE } from "../decode/picture";
import type { Grid, Shape } from "../grid";

export type Raw = Record<string, unknown>;

/** One step from the decoded picture to the tensor. */
export interface Step {
  /** What is known of the picture after the step. Throws Malformed where the step is not permitted. */
  shape(before: Shape): Shape;
  /** The picture after the step. Throws a Refusal. */
  apply(grid: Grid): Grid;
}

/** A pair of whole numbers up to `MOST_SIDE`, such as [height, width]. */
export function size(raw: unknown, least = 1): [number, number] {
  const [first, second] = items(raw, INTEGERS, 2, 2).map((item) => integer(item, least, MOST_SIDE));
  return [first!, second!];
}

/** One of the strings `known`; `name` is its key. */
export function choice<Known extends string>(raw: unknown, name: string, known: readonly Known[]): Known {
  if (!known.includes(raw as Known)) throw new Malformed(`${name} must be one of ${known.join(", ")}`);
  return raw as Known;
}

/** One to four finite numbers; `name` is their key. */
export function numbers(raw: unknown, name: string): number[] {
  if (
    !Array.isArray(raw) ||
    raw.length < 1 ||
    raw.length > 4 ||
    !raw.every((item) => typeof item === "number")
  )
    throw new Malformed(`${name} must be a list of 1 to 4 numbers`);
  if (!raw.every(Number.isFinite)) throw new Malformed(`the numbers of ${name} must be finite`);
  return raw;
}

/** The numbers rounded to float32, which must stay finite. */
export function single(values: readonly number[], name: string): number[] {
  const rounded = values.map(Math.fround);
  if (!rounded.every(Number.isFinite))
    throw new Malformed(`the numbers of ${name} must be finite in float32`);
  return rounded;
}

/** Throws Malformed unless there is one number, or one for each channel. */
export function checkChannels(values: readonly number[], name: string, channels: number): void {
  if (values.length !== 1 && values.length !== channels)
    throw new Malformed(`${name} must have one number, or one for each of the ${channels} channels`);
}
