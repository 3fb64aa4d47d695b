/** The kinds of stages by name. Only these modules know a kind by its name. */
import type { StageKind } from "./kind";
import { TEXT } from "./text";

export const STAGE_KINDS: readonly StageKind[] = [TEXT];

/** The kind that a file names; undefined where the page has none. */
export function stageKind(name: unknown): StageKind | undefined {
  return STAGE_KINDS.find((kind) => kind.name === name);
}
