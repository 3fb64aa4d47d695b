/** Reads the cells of a column (spec/CONTRACT.md §3). The Python implementation is in contract/cells.py. */
import type { Value } from "./contract";
import { compileFormat } from "./dateFormat";
import type { Unreadable, ValueType } from "./types";
import type { CellRules } from "./types/base";

export interface CellKeys {
  missing_as: string[] | null;
  true_as: string[] | null;
  false_as: string[] | null;
  date_format: string;
}

export class CellReader implements CellRules {
  readonly missing: ReadonlySet<string>;
  readonly words: ReadonlyMap<string, number>;
  readonly dates: RegExp | null;

  constructor(
    private readonly type: ValueType,
    keys: CellKeys,
  ) {
    this.missing = new Set(keys.missing_as ?? type.missingWords);
    this.words = new Map([
      ...(keys.true_as ?? []).map((word): [string, number] => [word, 1]),
      ...(keys.false_as ?? []).map((word): [string, number] => [word, 0]),
    ]);
    this.dates = keys.date_format ? compileFormat(keys.date_format) : null;
  }

  /** The value of a cell before it is checked: null when it is missing, or Unreadable. */
  read(cell: string): Value | Unreadable {
    return this.type.cell(cell, this);
  }
}
