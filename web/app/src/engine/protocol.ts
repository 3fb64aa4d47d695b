/** The messages between the page and its worker. All of them can be cloned (structured clone). */
import type { Caution } from "../contract/cautions";
import type { Value } from "../contract/contract";
import type { FoundObject } from "../contract/outputs/kind";
import type { RowCode } from "../contract/value";
import type { Problem } from "../errors";
import type { Scan } from "../stages";

/** One output of the model for N rows: row by row, `width` values each (one if width is null). */
export interface Answer {
  name: string;
  width: number | null;
  data: (number | string | boolean)[];
  /** The dimensions of the answer to one row, of an output with several axes. */
  sizes?: number[];
}

/** The number of values of an answer to one row. */
export function perRow({ width, sizes }: Pick<Answer, "width" | "sizes">): number {
  return sizes ? sizes.reduce((count, size) => count * size, 1) : (width ?? 1);
}

/** An answer a may differ from the expected e: |a − e| ≤ relative · max(|e|, scale). One scale, or one for each column. */
export interface Tolerance {
  relative: number;
  scale: number | number[];
}

/** The golden examples, parsed: rows with the original model's answers (spec/SEAL.md §6). */
export interface Golden {
  rows: Value[][];
  answers: Map<string, unknown[]>;
  tolerance: Map<string, Tolerance>;
  source: string;
}

export interface GoldenOutput {
  name: string;
  /** The number of golden rows whose answer in this output is reproduced. */
  matching: number;
  worst: number;
  tolerance: Tolerance | null;
}

export interface GoldenReport {
  rows: number;
  matching: number;
  outputs: GoldenOutput[];
  /** Rows (counted from 1) that are not reproduced; at most 20. */
  failing: number[];
  milliseconds: number;
}

/** What is wrong with a value of a row. */
export interface FieldProblem {
  field: string;
  code: RowCode;
  message: string;
}

export interface BadRow extends FieldProblem {
  row: number;
}

/** A decoded picture for display. */
export interface ShownPicture {
  /** The size of the picture itself. */
  width: number;
  height: number;
  /** The picture, made smaller if it is large. */
  image: ImageData;
}

/** A frame of a file for display, of a format that has more than the picture that the model takes (`Scan`). */
export interface ShownScan extends Omit<Scan, "values" | "colours"> {
  /** The values of grey pixels, made smaller if they are many; null for colours. */
  values: { columns: number; rows: number; data: Float32Array } | null;
  /** The picture, for colours. */
  image: ImageData | null;
}

export type PictureReply =
  /** With the pictures by field. */
  | { answers: Answer[]; cautions: Caution[]; shown: Map<number, ShownPicture>; milliseconds: number }
  /** With the pictures that could be decoded. */
  | { problems: FieldProblem[]; shown: Map<number, ShownPicture> };

/** How much the answer depends on parts of a picture. */
export interface HeatMap {
  /** By covering parts (occlusion.ts), or the class-activation map (activation). */
  method: "covering" | "activation";
  /** What was measured: the name of a class, or the name of an output. */
  name: string;
  /** Whether the values are differences of a probability. */
  isProbability: boolean;
  /** The number for the whole picture; of a class-activation map, the probability of the class. */
  whole: number;
  rows: number;
  columns: number;
  /**
   * For each part, row by row: the number for the whole picture minus that with the part covered; or what the part adds to
   * the score of the class.
   */
  drops: number[];
  /** The rectangle of the original picture that the parts divide: left, top, width, height in pixels. */
  area: [number, number, number, number];
  milliseconds: number;
}

export interface FileProgress {
  bytes: number;
  total: number;
  rows: number;
}

export interface FileOptions {
  /** Copy columns that are not inputs instead of refusing them. */
  keepExtra: boolean;
  /** Copy every column of the file to the results. */
  copy: boolean;
  /** Words that mean a missing value in this file, by field, in addition to those of the contract. */
  missing: Record<string, string[]>;
}

/** Notes on the column of an input: counts of rows. */
export interface ColumnNote {
  field: string;
  missing: number;
  unlike: number;
  /** Values slightly outside the range of most training values, which is not a caution. */
  rare: number;
  /** What stages found in the values (`Caution.found`), with the number of rows for each. */
  staged: [string, number][];
  /** Unknown categories; `unknown` lists the most frequent. */
  category: number;
  unknown: [string, number][];
  /** Words that may mean a missing value, but are not treated as one. */
  suspects: [string, number][];
  missingAllowed: boolean;
}

/** The result of a run; `csv` has a row for each row of the file, in its order, with its number. */
export interface FileReport {
  rows: number;
  good: number;
  /** Empty records, which have a row without an answer; also counted in `bad`. */
  blank: number;
  /** Answered rows with a caution. */
  cautioned: number;
  notes: ColumnNote[];
  /** At most 1000 of them; `bad` counts all. */
  badRows: BadRow[];
  bad: number;
  header: string[];
  /** How many columns after the first are copied from the file. */
  copied: number;
  /** The first 100 rows of the result, as text. */
  preview: string[][];
  csv: Blob;
  /** The number of rows by predicted label, if there is a label; at most 50 labels. */
  labels: [string, number][];
  milliseconds: number;
}

export interface Attempt {
  channel: string;
  /**
   * refused: the browser refused the request; absent: the browser does not have this channel; failed: an error without a
   * reason, as for an address that does not exist; open: no event at all.
   */
  outcome: "refused" | "absent" | "failed" | "open";
  detail: string;
}

export type Request =
  /** `wasm` is ONNX Runtime, compressed with gzip. */
  | { op: "runtime"; wasm: ArrayBuffer }
  /** `contract` is the content of contract.json, because a parsed contract has methods, which cannot be cloned. */
  | {
      op: "open";
      contract: unknown;
      /** Data of the contract's stages, parsed, by digest. */
      blobs: Map<string, unknown>;
      golden: Golden;
      graph: Uint8Array;
      /** Members that contain elements of the graph's constants. */
      weights: Map<string, Uint8Array>;
    }
  | { op: "predict"; rows: Value[][] }
  /** Like `predict` for one row with pictures, which are also returned for display, with at most `side` pixels on a side. */
  | { op: "picture"; row: Value[]; side: number }
  /** A frame of the file of a field for display; null shows the frame that the model takes. */
  | { op: "scan"; field: number; file: Blob; frame: number | null; side: number }
  /** Finds out which parts of the picture in a field the answer depends on; `chosen` are the corners of an object in it. */
  | { op: "occlusion"; row: Value[]; field: number; chosen: FoundObject["box"] | null }
  /** The class-activation map of the picture in a field. */
  | { op: "activation"; row: Value[]; field: number }
  | { op: "golden" }
  | { op: "file"; file: File; options: FileOptions }
  /** Ends the request `target`, which is then answered with a problem. */
  | { op: "cancel"; target: number }
  | { op: "probe" };

export interface Replies {
  runtime: true;
  /** Milliseconds for loading the model, including a warm-up run. */
  open: number;
  /** The answers and each row's cautions, or what is wrong with values that only the worker reads. */
  predict: { answers: Answer[]; cautions: Caution[][] } | { problems: FieldProblem[] };
  picture: PictureReply;
  /** Null for a file without more than the picture that the model takes. */
  scan: ShownScan | null;
  occlusion: HeatMap;
  /** Null where the graph of the model does not permit it. */
  activation: HeatMap | null;
  golden: GoldenReport;
  file: FileReport;
  cancel: true;
  probe: Attempt[];
}

export type ToWorker = { id: number; request: Request };
export type FromWorker =
  | { id: number; progress: FileProgress }
  | { id: number; reply: Replies[keyof Replies] }
  | { id: number; problem: Problem };
