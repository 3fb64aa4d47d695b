/** The protocol of a type of values: what a field of the type may hold, and how the form asks for it. */
import type { Bounds, Scalar, Value } from "../contract";

/** What pandas.read_csv reads as missing by default. */
const MISSING_WORDS = [
  ...["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"],
  ...["N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
];

/** A text that is not of its field's type; keeps what was written for the message. */
export class Unreadable {
  constructor(readonly text: string) {}
}

/** How the cells of one column are written. */
export interface CellRules {
  /** The cells that are missing. */
  readonly missing: ReadonlySet<string>;
  /** The words that stand for booleans, beside `true` and `false`. */
  readonly words: ReadonlyMap<string, number>;
  /** The form of dates beside ISO 8601. */
  readonly dates: RegExp | null;
}

/** A choice of a list, by a text that CONTRACT.md §3 reads back. */
export interface Choice {
  value: string;
  text: string;
}

/** How the form asks for a value: a line of text, or a control of the browser's own, which keeps half an entry to itself. */
export type Control =
  | { kind: "line"; inputmode: "decimal" | "text" }
  | {
      kind: "picker";
      type: "date" | "datetime-local";
      step: string | undefined;
      min: string | undefined;
      max: string | undefined;
    };

/** The Python twin is contract/types/base.py. */
export abstract class ValueType {
  /** The `dtype` in contract.json. */
  abstract readonly name: string;
  /** What a contract with such a field requires of its reader; empty for what every reader of format 1 has. */
  readonly capability: string = "";
  /** The tensor that a field is a column of. */
  abstract readonly feeds: "number" | "text";
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
  /** Of such a type, whether its dates have no time of day. */
  readonly hasDays: boolean = false;
  /** What the bounds of a range are, for messages. */
  readonly bounds: string = "finite numbers";
  /** Whether its control takes the width of the form. */
  readonly isWide: boolean = false;
  /** The choices of a field that lists no values, where there are few; else null. */
  readonly choices: readonly Choice[] | null = null;

  /** Whether a category or a typical value is of this type, as JSON holds it. */
  abstract fits(value: Scalar): boolean;

  /** A cell of text before any check: null when it is missing. */
  abstract cell(cell: string, rules: CellRules): Value | Unreadable;

  /** A value that is not missing as the graph takes it, or undefined for what is no value of this type. */
  abstract encode(raw: unknown): string | number | undefined;

  /** A bound of a range, which is not null, as the graph's number, or undefined for what is none. */
  bound(_raw: unknown): number | undefined {
    return undefined;
  }

  /** A bound in messages. */
  boundText(bound: number): string {
    return String(bound);
  }

  /** A bound below its field. */
  boundHint(bound: number): string {
    return this.boundText(bound);
  }

  /** The categories as checked values, so that they can be looked up. */
  known(categories: readonly Scalar[]): Set<string | number> {
    return new Set(categories as (string | number)[]);
  }

  /** What a value must be, for messages about a field with this `date_format`. */
  needs(_dateFormat: string): string {
    return this.needed;
  }

  /** What more to say of a value that was refused, with a space before it; may be empty. */
  hint(_raw: unknown): string {
    return "";
  }

  /** A checked value as the text of its control. */
  entry(value: string | number): string {
    return String(value);
  }

  /** Whether a text may be on its way to a value, so that it is no mistake yet while it is typed. */
  isUnfinished(_text: string): boolean {
    return false;
  }

  /** The control that shows the text `entry` of a field with this range. */
  control(_range: Bounds | null, _entry: string): Control {
    return { kind: "line", inputmode: "text" };
  }
}
