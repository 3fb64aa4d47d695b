/** `date` and `datetime`: local dates without and with a time of day, as microseconds since 1970. */
import type { Bounds, Scalar, Value } from "../contract";
import { example, isoOf } from "../dateFormat";
import { hint, microsOf, textOf } from "../moments";
import { Unreadable, ValueType, type CellRules, type Control } from "./base";
import { trimmed } from "./number";

const DAY = /^([0-9]{4}-[0-9]{2}-[0-9]{2})?$/;
/** Browsers show no more than milliseconds. */
const MOMENT = /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?)?$/;

class TimeType extends ValueType {
  readonly feeds = "number";
  override readonly hasCategories = false;
  override readonly hasDateFormat = true;
  override readonly bounds = "dates";

  override readonly isWide: boolean;

  constructor(
    readonly name: string,
    override readonly hasDays: boolean,
    readonly needed: string,
  ) {
    super();
    this.isWide = !hasDays;
  }

  fits(value: Scalar): boolean {
    return this.encode(value) !== undefined;
  }

  cell(cell: string, rules: CellRules): Value | Unreadable {
    const text = trimmed(cell);
    if (rules.missing.has(text)) return null;
    const iso = rules.dates ? isoOf(text, rules.dates) : text;
    return this.encode(iso) === undefined ? new Unreadable(cell) : iso;
  }

  encode(raw: unknown): number | undefined {
    return typeof raw === "string" ? microsOf(raw, this.hasDays) : undefined;
  }

  override bound(raw: unknown): number | undefined {
    return this.encode(raw);
  }

  override boundText(bound: number): string {
    return textOf(bound, this.hasDays);
  }

  override boundHint(bound: number): string {
    return this.boundText(bound).replace("T00:00:00", "").replace("T", " ");
  }

  override needs(dateFormat: string): string {
    return dateFormat ? `a date as ${example(dateFormat)} (${dateFormat})` : this.needed;
  }

  override hint(raw: unknown): string {
    return hint(raw instanceof Unreadable ? raw.text : String(raw));
  }

  override entry(value: string | number): string {
    return textOf(Number(value), this.hasDays);
  }

  /** The browser's date picker, or a text input if the picker could not show the entry. */
  override control(range: Bounds | null, entry: string): Control {
    if (!(this.hasDays ? DAY : MOMENT).test(entry)) return { kind: "line", inputmode: "text" };
    const [low, high] = range ?? [null, null];
    return {
      kind: "picker",
      type: this.hasDays ? "date" : "datetime-local",
      step: this.hasDays ? undefined : entry.includes(".") ? "0.001" : "1",
      min: low === null ? undefined : this.boundText(low),
      max: high === null ? undefined : this.boundText(high),
    };
  }
}

export const DATE = new TimeType("date", true, "a date as 2024-03-01");
export const DATETIME = new TimeType("datetime", false, "a date with its time as 2024-03-01T12:30:00");
