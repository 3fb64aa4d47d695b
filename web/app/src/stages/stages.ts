/** All stages of a contract, ready to run; there may be none. The Python implementation is in stages/base.py. */
import type { Contract, Stage, Value } from "../contract/contract";
import { partOf } from "../contract/tensors";
import type {
  OnPicture,
  Piece,
  PreparedRow,
  RefusingStage,
  Rows,
  Scan,
  StageProblem,
  StageRun,
  StageType,
} from "./base";

export class Stages {
  private readonly runs: readonly StageRun[];

  /** `stages` by their number in the contract. Throws E106 for a malformed one. */
  constructor(stages: ReadonlyMap<number, Stage>) {
    const kinds = new Map<StageType, Map<number, Stage>>();
    for (const [number, stage] of stages) {
      const own = kinds.get(stage.type) ?? new Map<number, Stage>();
      kinds.set(stage.type, own.set(number, stage));
    }
    this.runs = [...kinds].map(([type, own]) => type.open(own));
  }

  /** The stages of a contract. Throws E106. */
  static of(contract: Contract): Stages {
    return new Stages(new Map(contract.stages.entries()));
  }

  /** Only the stages that refuse values, to be used for `refusing`. Throws E106. */
  static refusing(stages: readonly Stage[]): Stages {
    return new Stages(new Map([...stages.entries()].filter(([, stage]) => stage.type.isRefusing(stage))));
  }

  /** The stages that refuse values. */
  get refusing(): RefusingStage[] {
    return this.runs.flatMap((run) => run.refusing);
  }

  /** A frame of the file of a field for display (StageRun.scan). */
  async scan(field: number, file: Blob, frame: number | null): Promise<Scan | null> {
    for (const run of this.runs) {
      const scan = await run.scan(field, file, frame);
      if (scan) return scan;
    }
    return null;
  }

  /** What makes the answer to a row less reliable, by field (StageRun.cautions). */
  cautions(row: readonly Value[]): Map<number, string> {
    return new Map(this.runs.flatMap((run) => [...run.cautions(row)]));
  }

  /** A checked row with the values that stages have read, and what is wrong with others (StageRun.prepare). */
  async prepare(row: readonly Value[], onPicture?: OnPicture): Promise<PreparedRow> {
    const problems: StageProblem[] = [];
    for (const run of this.runs) {
      const prepared = await run.prepare(row, onPicture);
      row = prepared.row;
      problems.push(...prepared.problems);
    }
    return { row, problems };
  }

  /** Yields the rows in pieces for the graph, each with the tensors of all stages. */
  pieces(rows: Rows): Generator<Piece> {
    return this.after(0, { rows, tensors: new Map() });
  }

  /** The pieces of a piece that has the tensors of the first `done` kinds. */
  private *after(done: number, piece: Piece): Generator<Piece> {
    const run = this.runs[done];
    if (!run) {
      yield piece;
      return;
    }
    let start = 0;
    for (const { rows, tensors } of run.pieces(piece.rows)) {
      const end = start + rows.length;
      const before = [...piece.tensors].map(([name, data]) => [name, partOf(data, start, end)] as const);
      yield* this.after(done + 1, { rows, tensors: new Map([...before, ...tensors]) });
      start = end;
    }
  }
}
