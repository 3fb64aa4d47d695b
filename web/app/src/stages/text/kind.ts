/** The text stage as a kind of stage (spec/TEXT.md). The Python implementation is in stages/text/kind.py. */
import type { Stage } from "../../contract/contract";
import { StageType, type StageOutput, type StageRun } from "../base";
import { TextRun } from "./batch";
import { isRefusing } from "./stage";

class TextStageType extends StageType {
  readonly name = "text";
  readonly version = 1;
  override readonly data = ["accents", "edits", "lower", "pattern", "space", "stop_words", "vocabulary"];
  readonly outputs: readonly StageOutput[] = [
    { name: "terms", dtype: "int64", shape: ["length"] },
    { name: "counts", dtype: "float64", shape: ["length"] },
  ];

  /** Reads the stages, which share tables. */
  open(stages: ReadonlyMap<number, Stage>): StageRun {
    return new TextRun(stages);
  }

  override isRefusing(stage: Stage): boolean {
    return isRefusing(stage);
  }

  /** Whether a stage counts words or characters; others read a word, a number or a date. */
  override isMultiline({ spec }: Stage): boolean {
    return ["word", "char", "char_wb"].includes(spec["analyzer"] as string);
  }
}

export const TEXT: StageType = new TextStageType();
