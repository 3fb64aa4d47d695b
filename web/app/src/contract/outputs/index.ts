/** The kinds of outputs by name. Only these modules know a kind by its name. */
import type { Output, OutputKind } from "../contract";
import { Kind } from "./kind";
import { Label } from "./label";
import { Probability } from "./probability";
import { Value } from "./value";

const BY_NAME: Readonly<Record<OutputKind, Kind>> = {
  features: new Kind(), // what a transformer gives
  label: new Label(),
  probability: new Probability(),
  score: new Kind(), // where there is no probability
  value: new Value(),
};

export const KINDS: readonly Kind[] = Object.values(BY_NAME);

export function kindOf(output: Pick<Output, "kind">): Kind {
  return BY_NAME[output.kind];
}

/** Whether a file names a kind that the page has. */
export function isKind(name: unknown): name is OutputKind {
  return typeof name === "string" && Object.hasOwn(BY_NAME, name);
}
