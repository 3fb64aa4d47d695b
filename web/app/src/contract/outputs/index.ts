/** The kinds of outputs by name. Code outside this folder names no kind. */
import type { Output, OutputKind } from "../contract";
import { ArrayKind } from "./array";
import { Boxes } from "./boxes";
import { Keypoints } from "./keypoints";
import { Kind } from "./kind";
import { Label } from "./label";
import { Labels } from "./labels";
import { Mask } from "./mask";
import { Probability } from "./probability";
import { Spans } from "./spans";
import { Value } from "./value";

const BY_NAME: Readonly<Record<OutputKind, Kind>> = {
  array: new ArrayKind(),
  boxes: new Boxes(),
  features: new Kind(), // the output of a transformer
  keypoints: new Keypoints(),
  label: new Label(),
  labels: new Labels(),
  mask: new Mask(),
  probability: new Probability(),
  score: new Kind(), // of classifiers without probabilities, and of outlier detectors
  spans: new Spans(),
  value: new Value(),
};

export const KINDS: readonly Kind[] = Object.values(BY_NAME);

export function kindOf(output: Pick<Output, "kind">): Kind {
  return BY_NAME[output.kind];
}

/** Whether the page has a kind of this name. */
export function isKind(name: unknown): name is OutputKind {
  return typeof name === "string" && Object.hasOwn(BY_NAME, name);
}
