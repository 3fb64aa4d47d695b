/**
 * All text stages of a contract over many rows: the tensors `terms<k>` and `counts<k>` (spec/TEXT.md §7).
 * The Python implementation is in stages/text/batch.py.
 */
import type { Stage, Value } from "../../contract/contract";
import { quoted } from "../../contract/quoted";
import type { TensorData } from "../../contract/tensors";
import { SealiftError } from "../../errors";
import { StageRun, type Piece, type RefusingStage, type Rows } from "../base";
import { Malformed } from "../read";
import { Tables } from "./sharedTables";
import { isRefusing, TextStage } from "./stage";

/** The maximum work of all stages together for the strings of one row (TextStage.work). */
const MOST_ROW_WORK = 2 ** 26;
/** The maximum number of cells of `terms<k>` in one run of the graph. */
const CELLS = 1 << 16;

interface Opened {
  number: number;
  field: number;
  stage: TextStage;
}

/** The text stages of a contract, ready to run. */
export class TextRun extends StageRun {
  override readonly refusing: readonly RefusingStage[];
  private readonly stages: readonly Opened[];
  private readonly mostRows: number;

  /** Throws E106 for a malformed stage. */
  constructor(stages: ReadonlyMap<number, Stage>) {
    super();
    const tables = new Tables();
    this.stages = [...stages].map(([number, stage]) => ({
      number,
      field: stage.field,
      stage: readStage(stage, number, tables),
    }));
    this.mostRows = Math.min(...this.stages.map(({ stage }) => stage.rows));
    this.refusing = this.stages
      .filter(({ number }) => isRefusing(stages.get(number)!))
      .map(({ field, stage }) => ({ field, example: stage.example, problem: problemOf(stage) }));
  }

  /** The fields with a string of which none of their stages knows a term. */
  override cautions(row: readonly Value[]): ReadonlyMap<number, string> {
    const known = new Map<number, boolean>();
    for (const { field, stage } of this.stages) {
      const text = row[field];
      if (typeof text !== "string" || text === "") continue;
      known.set(field, (known.get(field) ?? false) || stage.count(text).length > 0);
    }
    const unknown = [...known].filter(([, isKnown]) => !isKnown);
    return new Map(unknown.map(([field]) => [field, "no word that the model knows"]));
  }

  *pieces(rows: Rows): Generator<Piece> {
    for (let start = 0; start < rows.length;) {
      const counted: [number, number][][][] = [];
      let widest = 1;
      for (const row of rows.slice(start, start + Math.min(this.mostRows, rows.length))) {
        this.checkWork(row);
        const counts = this.stages.map(({ field, stage }) => stage.count(textOf(row, field)));
        widest = Math.max(widest, ...counts.map((columns) => columns.length));
        if (counted.length > 0 && (counted.length + 1) * widest > CELLS) break;
        counted.push(counts);
      }
      const end = start + counted.length;
      yield { rows: rows.slice(start, end), tensors: this.padded(counted) };
      start = end;
    }
  }

  /** Throws E207 for a row whose strings exceed the work of all stages together. */
  private checkWork(row: readonly Value[]): void {
    const sum = (work: (stage: TextStage, text: string) => number) =>
      this.stages.reduce((all, { field, stage }) => all + work(stage, textOf(row, field)), 0);
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

  /** `terms<k>` and `counts<k>`: each row's columns ascending, padded by -1 and 0. */
  private padded(rows: readonly [number, number][][][]): Map<string, TensorData> {
    const tensors = new Map<string, TensorData>();
    this.stages.forEach(({ number }, place) => {
      const width = Math.max(1, ...rows.map((row) => row[place]!.length));
      const terms = new BigInt64Array(rows.length * width).fill(-1n);
      const counts = new Float64Array(rows.length * width);
      rows.forEach((row, at) =>
        row[place]!.forEach(([column, count], i) => {
          terms[at * width + i] = BigInt(column);
          counts[at * width + i] = count;
        }),
      );
      const dims = [rows.length, width];
      tensors.set(`terms${number}`, { dtype: "int64", data: terms, dims });
      tensors.set(`counts${number}`, { dtype: "float64", data: counts, dims });
    });
    return tensors;
  }
}

/** Throws E106 for a malformed stage. */
function readStage({ spec }: Stage, number: number, tables: Tables): TextStage {
  try {
    return new TextStage(spec, tables);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new SealiftError(
      "E106",
      `The text stage is malformed: ${error.message}.`,
      `stage ${number}`,
      "See `sealift docs spec/TEXT`.",
    );
  }
}

function problemOf(stage: TextStage): RefusingStage["problem"] {
  return (name, value) => {
    const wanted = stage.refusedAs(String(value));
    return wanted && `"${name}" is ${quoted(value)}, which cannot be read as ${wanted}.`;
  };
}

/** The string of a field; a missing one is empty. */
function textOf(row: readonly Value[], field: number): string {
  return (row[field] as string | null) ?? "";
}
