/** `float64` and `float32`: finite numbers. Booleans are 0 and 1. */
import { asNumber } from "../../seal/json";
import type { Scalar, Value } from "../contract";
import { readable } from "../numbers";
import { Unreadable, ValueType, type CellRules, type Control } from "./base";

const NUMBER = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const BEGUN = /^\s*[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]*)?\s*$/;
const SPACE = /^[ \t\r\n\u00a0]+|[ \t\r\n\u00a0]+$/g;

/** A cell without the white space around it. */
export function trimmed(cell: string): string {
  return cell.replace(SPACE, "");
}

export class NumberType extends ValueType {
  readonly feeds = "number";
  readonly needed: string = "a finite number";

  constructor(readonly name: string) {
    super();
  }

  fits(value: Scalar): boolean {
    return typeof value === "number" && Number.isFinite(value);
  }

  cell(cell: string, rules: CellRules): Value | Unreadable {
    const text = trimmed(cell);
    if (rules.missing.has(text)) return null;
    return NUMBER.test(text) ? Number(text) : new Unreadable(cell);
  }

  encode(raw: unknown): number | undefined {
    if (typeof raw !== "number" && typeof raw !== "boolean") return undefined;
    const number = Number(raw);
    return Number.isFinite(number) ? number : undefined;
  }

  override bound(raw: unknown): number | undefined {
    const number = asNumber(raw);
    return number !== undefined && Number.isFinite(number) ? number : undefined;
  }

  override boundHint(bound: number): string {
    return readable(bound);
  }

  override known(categories: readonly Scalar[]): Set<string | number> {
    return new Set(categories.map(Number));
  }

  override hint(raw: unknown): string {
    return raw instanceof Unreadable && raw.text.includes(",") ? " Decimals are written with a point." : "";
  }

  override isUnfinished(text: string): boolean {
    return BEGUN.test(text);
  }

  override control(): Control {
    return { kind: "line", inputmode: "decimal" };
  }
}

/** Numbers that are rounded to float32, as they were in training. */
class SingleType extends NumberType {
  override encode(raw: unknown): number | undefined {
    const number = super.encode(raw);
    return number === undefined ? undefined : super.encode(Math.fround(number));
  }

  /** The categories and their rounded values. */
  override known(categories: readonly Scalar[]): Set<string | number> {
    const values = categories.map(Number);
    return new Set([...values, ...values.map(Math.fround)]);
  }
}

export const FLOAT64 = new NumberType("float64");
export const FLOAT32 = new SingleType("float32");
