/** `text/1`: texts to terms or numbers (spec/TEXT.md). */
import { isRefusing, readStage } from "../../text/batch";
import { Tables } from "../../text/tables";
import type { Stage, Tensor } from "../contract";
import type { RefusingStage, StageKind } from "./kind";

class TextStages implements StageKind {
  readonly name = "text/1";
  readonly capability = "stage:text/1";
  readonly data = ["accents", "edits", "lower", "pattern", "space", "stop_words", "vocabulary"];

  tensors(field: number, number: number): Tensor[] {
    const shape = ["rows", `length${number}`];
    return [
      { name: `terms${number}`, dtype: "int64", shape, fields: [field], stage: number },
      { name: `counts${number}`, dtype: "float64", shape, fields: [field], stage: number },
    ];
  }

  /** Stages that take their texts apart; others read a word, a number or a date. */
  isProse({ spec }: Stage): boolean {
    return ["word", "char", "char_wb"].includes(spec["analyzer"] as string);
  }

  refusing(stages: ReadonlyMap<number, Stage>): { field: number; stage: RefusingStage }[] {
    const tables = new Tables();
    return [...stages]
      .filter(([, stage]) => isRefusing(stage))
      .map(([number, stage]) => ({ field: stage.field, stage: readStage(stage, number, tables) }));
  }
}

export const TEXT: StageKind = new TextStages();
