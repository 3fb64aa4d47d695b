/** How a field is filled in: which control, and what its choices are. */
import { readable } from "../contract/numbers";
import { boundText, isTime, textOf } from "../contract/moments";
import { checkCell, checkValue, type Checked } from "../contract/value";
import { categoryName, shown, type Field, type Value } from "../contract/types";

export type Choice = { value: string; text: string };

/** The choices of a field that is picked from a list, else null. The values are texts that CONTRACT.md §3 reads back. */
export function choicesOf(field: Field): Choice[] | null {
  if (field.categories) {
    // An empty cell means unknown (CONTRACT.md §3), so that an empty text cannot be picked beside it.
    return field.categories
      .filter((value) => value !== "")
      .map((value) => ({ value: shown(value), text: categoryName(field, value) }));
  }
  if (field.dtype !== "bool") return null;
  return [
    { value: "false", text: "No" },
    { value: "true", text: "Yes" },
  ];
}

/** What the fields are called: their titles, or their names where a title is another field's title or name. */
export function labelsOf(fields: readonly Field[]): string[] {
  const count = new Map<string, number>();
  for (const { name, title } of fields) {
    for (const text of new Set([name, title])) count.set(text, (count.get(text) ?? 0) + 1);
  }
  return fields.map(({ name, title }) => (title && count.get(title) === 1 ? title : name));
}

/** Few short choices stand side by side as toggles; more of them fold into a list. */
export function asToggles(choices: Choice[]): boolean {
  return (
    choices.length <= 5 &&
    choices.every((choice) => choice.text.length <= 18) &&
    choices.reduce((n, c) => n + c.text.length + 3, 0) <= 44
  );
}

/** A checked value as the text of its control. */
export function toCell(field: Field, value: Value): string {
  if (value === null) return "";
  if (field.dtype === "bool") return value ? "true" : "false";
  if (isTime(field.dtype) && typeof value === "number") return textOf(value, field.dtype);
  return String(value);
}

/** What a control holds against its field. An empty control means unknown, but for free text that may be empty. */
export function checkEntry(field: Field, cell: string, long: boolean): Checked {
  if (cell === "" && !(long && !field.cells.missing.has(""))) return checkValue(field, null);
  return checkCell(field, cell);
}

/** The quiet line under a field: what is permitted, or what was usual. */
export function hintOf(field: Field): string {
  const told = (bound: number) =>
    isTime(field.dtype)
      ? boundText(field, bound).replace("T00:00:00", "").replace("T", " ")
      : readable(bound);
  const span = ([low, high]: [number | null, number | null]) =>
    low === null
      ? `up to ${told(high ?? 0)}`
      : high === null
        ? `from ${told(low)}`
        : `${told(low)} to ${told(high)}`;
  const parts: string[] = [];
  if (field.observed) parts.push(`usually ${span(field.observed)}`);
  if (field.range) parts.push(`permitted ${span(field.range)}`);
  return parts.join(" · ");
}

/** What stands in a cell while its control shows half a date. It is no date, so that nothing is answered. */
export const INCOMPLETE = "an incomplete date";

/** The browser's own control for dates, or null where it could not show the cell. */
export function dateControl(
  field: Field,
  cell: string,
): {
  type: "date" | "datetime-local";
  step: string | undefined;
  min: string | undefined;
  max: string | undefined;
} | null {
  const day = field.dtype === "date";
  const shows = day
    ? /^([0-9]{4}-[0-9]{2}-[0-9]{2})?$/
    : /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?)?$/;
  if (cell !== INCOMPLETE && !shows.test(cell)) return null;
  const [low, high] = field.range ?? [null, null];
  return {
    type: day ? "date" : "datetime-local",
    step: day ? undefined : cell.includes(".") ? "0.001" : "1",
    min: low === null ? undefined : textOf(low, field.dtype),
    max: high === null ? undefined : textOf(high, field.dtype),
  };
}

/** A text on its way to being a number is no mistake yet. */
export function unfinishedNumber(text: string): boolean {
  return /^\s*[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]*)?\s*$/.test(text);
}
