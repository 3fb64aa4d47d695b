/** The protocol of a type of values: what a field of the type may hold, and its control in the form. */
import type { Bounds, Scalar, Value } from "../contract";

/** The cells that pandas.read_csv treats as missing by default. */
const MISSING_WORDS = [
  ...["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"],
  ...["N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
];

/** A string that is not a value of its field's type; kept for the message. */
export class Unreadable {
  constructor(readonly text: string) {}
}

/** How the cells of one column are written. */
export interface CellRules {
  /** The cells that are missing. */
  readonly missing: ReadonlySet<string>;
  /** Words for booleans, in addition to `true` and `false`. */
  readonly words: ReadonlyMap<string, number>;
  /** The format of dates, in addition to ISO 8601. */
  readonly dates: RegExp | null;
}

/** An entry of a list of choices. Its `value` is a string that is parsed as a cell (spec/CONTRACT.md §3). */
export interface Choice {
  value: string;
  text: string;
}

/**
 * The control of a field in the form: a text input, a date picker of the browser, which hides incomplete entries, or a
 * place for a picture.
 */
export type Control =
  | { kind: "picture" }
  | { kind: "line"; inputmode: "decimal" | "text" }
  | {
      kind: "picker";
      type: "date" | "datetime-local";
      step: string | undefined;
      min: string | undefined;
      max: string | undefined;
    };

/** The Python implementation is in contract/types/base.py. */
export abstract class ValueType {
  /** The `dtype` in contract.json. */
  abstract readonly name: string;
  /** The capability that a reader must have; empty for the types that every reader of format 1 has. */
  readonly capability: string = "";
  /** The tensor that a field is a column of; `stage` for a type whose values only a stage reads. */
  abstract readonly feeds: "number" | "text" | "stage";
  /** What a value must be, for messages. */
  abstract readonly needed: string;
  /** The cells of text files that are missing unless a field says otherwise. */
  readonly missingWords: readonly string[] = MISSING_WORDS;
  /** Whether a field may list its values. */
  readonly hasCategories: boolean = true;
  /** Whether values can be compared with bounds. */
  readonly hasRange: boolean = true;
  /** Whether a field may have `true_as` and `false_as`. */
  readonly hasWords: boolean = false;
  /** Whether a field may have `date_format`. */
  readonly hasDateFormat: boolean = false;
  /** For such a type, whether dates have no time of day. */
  readonly hasDays: boolean = false;
  /** What the bounds of a range are, for messages. */
  readonly bounds: string = "finite numbers";
  /** Whether its control is as wide as the form. */
  readonly isWide: boolean = false;
  /** All values, where there are few; else null. Used for fields without categories. */
  readonly choices: readonly Choice[] | null = null;

  /** Whether a category or a typical value, as in JSON, is of this type. */
  abstract fits(value: Scalar): boolean;

  /** The value of a cell before it is checked: null when it is missing. */
  abstract cell(cell: string, rules: CellRules): Value | Unreadable;

  /** A value that is not missing, encoded for the graph; undefined if it is not of this type. */
  abstract encode(raw: unknown): string | number | Blob | undefined;

  /** A bound of a range, which is not null, as a number of the graph; undefined if it is invalid. */
  bound(_raw: unknown): number | undefined {
    return undefined;
  }

  /** A bound, for messages. */
  boundText(bound: number): string {
    return String(bound);
  }

  /** A bound, for the hint below the field. */
  boundHint(bound: number): string {
    return this.boundText(bound);
  }

  /** The categories as encoded values, for lookup. */
  known(categories: readonly Scalar[]): Set<string | number> {
    return new Set(categories as (string | number)[]);
  }

  /** What a value must be, for messages about a field with this `date_format`. */
  needs(_dateFormat: string): string {
    return this.needed;
  }

  /** Advice about a refused value for the end of its message, with a leading space; may be empty. */
  hint(_raw: unknown): string {
    return "";
  }

  /** The text of the control for an encoded value. */
  entry(value: string | number): string {
    return String(value);
  }

  /** Whether a text may become a value when more is typed, so that no error is shown yet. */
  isUnfinished(_text: string): boolean {
    return false;
  }

  /** The control that shows the text `entry` of a field with this range. */
  control(_range: Bounds | null, _entry: string): Control {
    return { kind: "line", inputmode: "text" };
  }
}
