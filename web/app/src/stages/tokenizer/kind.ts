/** The tokenizer stage as a kind of stage (spec/TOKENIZER.md). The Python implementation is in stages/tokenizer/kind.py. */
import type { Stage } from "../../contract/contract";
import { isObject } from "../../seal/json";
import { StageType, type StageOutput, type StageRun } from "../base";
import { TokenizerRun } from "./batch";
import { NUMBERS } from "./places";
import { DATA } from "./stage";

class TokenizerStageType extends StageType {
  readonly name = "tokenizer";
  readonly version = 1;
  override readonly data = DATA;
  readonly outputs: readonly StageOutput[] = ["input_ids", "attention_mask", "token_type_ids"].map(
    (name) => ({
      name,
      dtype: "int64",
      shape: ["length"],
    }),
  );

  /** Also `spans`, where the stage has this key. */
  override outputsOf({ spec }: Stage): readonly StageOutput[] {
    const places: StageOutput = { name: "spans", dtype: "int64", shape: ["length", NUMBERS] };
    return "spans" in spec ? [...this.outputs, places] : this.outputs;
  }

  open(stages: ReadonlyMap<number, Stage>): StageRun {
    return new TokenizerRun(stages);
  }

  /** Whether a stage refuses strings that it would cut. */
  override isRefusing({ spec }: Stage): boolean {
    const truncation = spec["truncation"];
    return isObject(truncation) && truncation["refused"] === true;
  }

  override isMultiline(): boolean {
    return true;
  }
}

export const TOKENIZER: StageType = new TokenizerStageType();
