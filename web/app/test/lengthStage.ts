/** A second kind of stage, in one file: the length of a text, of which at most `most` characters count. */
import type { Stage } from "../src/contract/contract";
import { SealiftError } from "../src/errors";
import { StageRun, StageType, type Piece, type RefusingStage, type Rows } from "../src/stages/base";

class LengthRun extends StageRun {
  override readonly refusing: readonly RefusingStage[];

  constructor(private readonly stages: ReadonlyMap<number, Stage>) {
    super();
    for (const [number, { spec }] of stages) {
      if (!Number.isInteger(spec["most"]))
        throw new SealiftError("E106", "most must be a whole number.", `stage ${number}`, "Correct it.");
    }
    this.refusing = [...stages.values()].filter(LENGTH.isRefusing).map(({ field, spec }) => ({
      field,
      example: "abc",
      problem: (name, value) =>
        [...String(value)].length > Number(spec["most"])
          ? `"${name}" has more than ${String(spec["most"])} characters.`
          : "",
    }));
  }

  /** In pieces of two rows. */
  *pieces(rows: Rows): Generator<Piece> {
    for (let start = 0; start < rows.length; start += 2) {
      const part = rows.slice(start, start + 2);
      const tensors = [...this.stages].map(([number, { field, spec }]) => {
        const lengths = part.map((row) => [...String(row[field] ?? "")].length);
        const data = Float64Array.from(lengths, (length) => Math.min(length, Number(spec["most"])));
        return [`length${number}`, { dtype: "float64", data, dims: [part.length, 1] }] as const;
      });
      yield { rows: part, tensors: new Map(tensors) };
    }
  }
}

class Length extends StageType {
  readonly name = "length";
  readonly version = 1;
  readonly outputs = [{ name: "length", dtype: "float64", shape: [1] }] as const;

  open(stages: ReadonlyMap<number, Stage>): StageRun {
    return new LengthRun(stages);
  }

  override isRefusing({ spec }: Stage): boolean {
    return spec["longer"] === "refused";
  }
}

export const LENGTH: StageType = new Length();
