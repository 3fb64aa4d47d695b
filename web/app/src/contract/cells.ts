/** How the cells of one column are read (spec/CONTRACT.md §3). The Python twin is contract/cells.py. */
import { compileFormat, isoOf } from "./dateFormat";
import { isTime, microsOf } from "./moments";
import type { DType, Value } from "./types";

/** What pandas.read_csv reads as missing by default. */
const MISSING_WORDS = [
  ...[
    "",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "<NA>",
    "N/A",
  ],
  ...["NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
];
/** In strings NA and None can be categories. */
const DEFAULT_STRING_MISSING = [""];
const NUMBER = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const SPACE = /^[ \t\r\n\u00a0]+|[ \t\r\n\u00a0]+$/g;

/** A text that is not of its field's dtype; keeps what was written for the message. */
export class Unreadable {
  constructor(readonly text: string) {}
}

export interface CellKeys {
  missing_as: string[] | null;
  true_as: string[] | null;
  false_as: string[] | null;
  date_format: string;
}

export class CellReader {
  readonly missing: ReadonlySet<string>;
  private readonly words: ReadonlyMap<string, number>;
  private readonly dates: RegExp | null;

  constructor(
    private readonly dtype: DType,
    keys: CellKeys,
  ) {
    this.missing = new Set(keys.missing_as ?? (dtype === "string" ? DEFAULT_STRING_MISSING : MISSING_WORDS));
    this.words = new Map([
      ...(keys.true_as ?? []).map((word): [string, number] => [word, 1]),
      ...(keys.false_as ?? []).map((word): [string, number] => [word, 0]),
    ]);
    this.dates = keys.date_format ? compileFormat(keys.date_format) : null;
  }

  /** The cell's value before any check: null when missing, or Unreadable. */
  read(cell: string): Value | Unreadable {
    if (this.dtype === "string") return this.missing.has(cell) ? null : cell;
    const text = cell.replace(SPACE, "");
    if (this.missing.has(text)) return null;
    if (isTime(this.dtype)) {
      const iso = this.dates ? isoOf(text, this.dates) : text;
      return microsOf(iso, this.dtype) === undefined ? new Unreadable(cell) : iso;
    }
    if (this.dtype === "bool") {
      const word = this.words.get(text);
      if (word !== undefined) return word;
      const lower = text.toLowerCase();
      if (lower === "true") return 1;
      if (lower === "false") return 0;
    }
    return NUMBER.test(text) ? Number(text) : new Unreadable(cell);
  }
}
