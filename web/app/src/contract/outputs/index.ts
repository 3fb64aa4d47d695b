/** The kinds of outputs by name. Only these modules know a kind by its name. */
import type { Output, OutputKind } from "../types";
import { Kind } from "./kind";
import { Label } from "./label";
import { Probability } from "./probability";
import { Value } from "./value";

const KINDS: Readonly<Record<OutputKind, Kind>> = {
  features: new Kind(), // what a transformer gives
  label: new Label(),
  probability: new Probability(),
  score: new Kind(), // where there is no probability
  value: new Value(),
};

export function kindOf(output: Pick<Output, "kind">): Kind {
  return KINDS[output.kind];
}

/** Whether a file names a kind that the page has. */
export function isKind(name: unknown): name is OutputKind {
  return typeof name === "string" && Object.hasOwn(KINDS, name);
}
