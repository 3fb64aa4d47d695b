/** The protocol of a kind of stage: what runs on the strings of one field before the graph. */
import type { Stage, Tensor } from "../contract";

/** A stage that refuses some texts. */
export interface RefusingStage {
  /** What a text that the stage refuses should be, such as "a number"; empty for any other text. */
  refusedAs(text: string): string;
  /** A text that is not refused, for the form; may be empty. */
  readonly example: string;
}

export interface StageKind {
  /** The `stage` in contract.json. */
  readonly name: string;
  /** What a contract with such a stage requires of its reader. */
  readonly capability: string;
  /** The keys of a stage whose values are members of their own, so that stages share them. */
  readonly data: readonly string[];
  /** The tensors that stage `number` makes of its field. */
  tensors(field: number, number: number): Tensor[];
  /** Whether the texts may be of any length, so that the form takes several lines. */
  isProse(stage: Stage): boolean;
  /** The refusing ones of a contract's stages of this kind, by field. Throws E106 for a malformed one. */
  refusing(stages: ReadonlyMap<number, Stage>): { field: number; stage: RefusingStage }[];
}
