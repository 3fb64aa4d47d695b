/** What the page and its worker say to each other. Everything here survives structured cloning. */
import type { Caution } from "../contract/cautions";
import type { Value } from "../contract/contract";
import type { RowCode } from "../contract/value";
import type { Problem } from "../errors";

/** One output of the model for N rows: row by row, `width` numbers each (one where width is null). */
export interface Answer {
  name: string;
  width: number | null;
  data: (number | string | boolean)[];
}

/** The golden examples, parsed: generated rows with the original model's answers (spec/SEAL.md §6). */
/** |a − e| ≤ relative · max(|e|, scale); one scale, or one for each column. */
export interface Tolerance {
  relative: number;
  scale: number | number[];
}

export interface Golden {
  rows: Value[][];
  answers: Map<string, unknown[]>;
  tolerance: Map<string, Tolerance>;
  source: string;
}

export interface GoldenOutput {
  name: string;
  /** Golden rows whose answer in this output is reproduced. */
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

export interface BadRow {
  row: number;
  field: string;
  code: RowCode;
  message: string;
}

export interface FileProgress {
  bytes: number;
  total: number;
  rows: number;
}

export interface FileOptions {
  /** Columns that are no inputs are copied instead of refused. */
  carry: boolean;
  /** Every column of the file is copied beside the answers. */
  copy: boolean;
  /** Words that are read as missing in this file, by field, besides the contract's. */
  missing: Record<string, string[]>;
}

/** What there is to say about one input's column: counts of rows. */
export interface ColumnNote {
  field: string;
  missing: number;
  unlike: number;
  /** Values just beyond the range of most training values, which is no caution. */
  rare: number;
  /** What stages found in the values (`Caution.found`), with the number of rows for each. */
  staged: [string, number][];
  /** Unknown categories; `unknown` lists the most frequent. */
  category: number;
  unknown: [string, number][];
  /** Words that may stand for a missing value, but are not read as one. */
  suspects: [string, number][];
  missingAllowed: boolean;
}

/** A run's result; the rows of the file, in its order, each with its number, are in `csv`. */
export interface FileReport {
  rows: number;
  good: number;
  /** Empty records, which have a row without an answer; counted in `bad` too. */
  blank: number;
  /** Answered rows with a caution. */
  cautioned: number;
  notes: ColumnNote[];
  /** At most 1000 of them; `bad` counts all. */
  badRows: BadRow[];
  bad: number;
  header: string[];
  /** How many columns after the first are copies of the file's. */
  copied: number;
  /** The first 100 rows of the result, as text. */
  preview: string[][];
  csv: Blob;
  /** Rows by predicted label, where there is a label; at most 50 labels. */
  labels: [string, number][];
  milliseconds: number;
}

export interface Attempt {
  channel: string;
  /**
   * refused: the browser said no before anything left; absent: there is no such thing here; failed: an error without a
   * reason, which an address that does not exist gives as well; open: nothing was said at all.
   */
  outcome: "refused" | "absent" | "failed" | "open";
  detail: string;
}

export type Request =
  /** `wasm` is ONNX Runtime, compressed with gzip. */
  | { op: "runtime"; wasm: ArrayBuffer }
  /** `contract` is contract.json as it was read: what is made of it has methods, which a message does not keep. */
  | {
      op: "open";
      contract: unknown;
      /** Data of the contract's stages, parsed, by digest. */
      blobs: Map<string, unknown>;
      golden: Golden;
      graph: Uint8Array;
      /** Members that hold elements of the graph's constants. */
      weights: Map<string, Uint8Array>;
    }
  | { op: "predict"; rows: Value[][] }
  | { op: "golden" }
  | { op: "file"; file: File; options: FileOptions }
  /** Ends the request `target`, which is then answered with a problem. */
  | { op: "cancel"; target: number }
  | { op: "probe" };

export interface Replies {
  runtime: true;
  /** Milliseconds for loading the model, one warm-up run included. */
  open: number;
  /** The answers, and each row's cautions. */
  predict: { answers: Answer[]; cautions: Caution[][] };
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
