/** All stages of a contract over many rows: the tensors that feed the graph beside the others (spec/TEXT.md §7). */
import type { TensorData } from "../contract/tensors";
import type { Contract, Stage, Value } from "../contract/contract";
import { SealiftError } from "../errors";
import { Malformed } from "./read";
import { TextStage } from "./stage";
import { Tables } from "./tables";

type Rows = readonly (readonly Value[])[];

/** For the texts of one row: the work of all stages together (TextStage.work). */
const MOST_ROW_WORK = 2 ** 26;
/** The most cells of `terms<k>` that one run of the graph is given. */
const CELLS = 1 << 16;

/** Throws E106 for a malformed stage. */
export function readStage({ spec }: Stage, number: number, tables: Tables): TextStage {
  try {
    return new TextStage(spec, tables);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new SealiftError(
      "E106",
      `The text stage is malformed: ${error.message}.`,
      `stage ${number}`,
      "`sealift docs spec/TEXT` says what may stand there.",
    );
  }
}

/** Whether a stage refuses some texts; it may be malformed. */
export function isRefusing({ spec }: Stage): boolean {
  return "unreadable" in spec || "infinite" in spec;
}

export class Stages {
  private readonly stages: { field: number; stage: TextStage }[];
  private readonly mostRows: number;

  /** Throws E106 for a malformed stage. */
  constructor(contract: Contract) {
    const tables = new Tables();
    this.stages = contract.stages.map((stage, number) => ({
      field: stage.field,
      stage: readStage(stage, number, tables),
    }));
    this.mostRows = Math.min(...this.stages.map(({ stage }) => stage.rows));
  }

  /** The inputs whose text is there, but has no term that any of its stages knows. */
  wordless(row: readonly Value[]): number[] {
    const read = new Map<number, boolean>();
    for (const { field, stage } of this.stages) {
      const text = row[field];
      if (typeof text !== "string" || text === "") continue;
      read.set(field, (read.get(field) ?? false) || stage.count(text).length > 0);
    }
    return [...read].filter(([, known]) => !known).map(([field]) => field);
  }

  /** The rows in pieces that the graph can be given, each with the tensors of the stages. */
  *pieces(rows: Rows): Generator<{ rows: Rows; tensors: Map<string, TensorData> }> {
    if (this.stages.length === 0) {
      yield { rows, tensors: new Map() };
      return;
    }
    for (let start = 0; start < rows.length;) {
      const counted: [number, number][][][] = [];
      let widest = 1;
      for (const row of rows.slice(start, start + Math.min(this.mostRows, rows.length))) {
        this.checkWork(row);
        const found = this.stages.map(({ field, stage }) => stage.count((row[field] as string | null) ?? ""));
        widest = Math.max(widest, ...found.map((columns) => columns.length));
        if (counted.length > 0 && (counted.length + 1) * widest > CELLS) break;
        counted.push(found);
      }
      const end = start + counted.length;
      yield { rows: rows.slice(start, end), tensors: this.padded(counted) };
      start = end;
    }
  }

  /** Throws E207 for a row whose texts are too much for all stages together. */
  private checkWork(row: readonly Value[]): void {
    const sum = (work: (stage: TextStage, text: string) => number) =>
      this.stages.reduce(
        (all, { field, stage }) => all + work(stage, (row[field] as string | null) ?? ""),
        0,
      );
    // The exact number takes a pass over the text.
    if (sum((stage, text) => text.length * stage.sizes) <= MOST_ROW_WORK) return;
    if (sum((stage, text) => stage.work(text)) > MOST_ROW_WORK)
      throw new SealiftError(
        "E207",
        "The texts of a row have more terms than the format allows.",
        "",
        "Leave the texts out, or give them in smaller parts.",
      );
  }

  /** `terms<k>` and `counts<k>`: each row's columns ascending, -1 and 0 behind them. */
  private padded(rows: readonly [number, number][][][]): Map<string, TensorData> {
    const tensors = new Map<string, TensorData>();
    this.stages.forEach((_, number) => {
      const width = Math.max(1, ...rows.map((row) => row[number]!.length));
      const terms = new BigInt64Array(rows.length * width).fill(-1n);
      const counts = new Float64Array(rows.length * width);
      rows.forEach((row, at) =>
        row[number]!.forEach(([column, count], i) => {
          terms[at * width + i] = BigInt(column);
          counts[at * width + i] = count;
        }),
      );
      const dims: [number, number] = [rows.length, width];
      tensors.set(`terms${number}`, { dtype: "int64", data: terms, dims });
      tensors.set(`counts${number}`, { dtype: "float64", data: counts, dims });
    });
    return tensors;
  }
}
