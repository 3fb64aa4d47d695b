/** How a field is filled in: which control, and what its choices are. */
import { checkCell, checkValue, type Checked } from "../contract/value";
import { categoryName, shown, type Bounds, type Field, type Value } from "../contract/contract";
import type { Choice, Control } from "../contract/types";

/** The choices of a field that is picked from a list, else null. The values are texts that CONTRACT.md §3 reads back. */
export function choicesOf(field: Field): readonly Choice[] | null {
  if (field.categories) {
    // An empty cell means unknown (CONTRACT.md §3), so that an empty text cannot be picked beside it.
    return field.categories
      .filter((value) => value !== "")
      .map((value) => ({ value: shown(value), text: categoryName(field, value) }));
  }
  return field.type.choices;
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
export function asToggles(choices: readonly Choice[]): boolean {
  return (
    choices.length <= 5 &&
    choices.every((choice) => choice.text.length <= 18) &&
    choices.reduce((n, c) => n + c.text.length + 3, 0) <= 44
  );
}

/** A checked value as the text of its control. */
export function toCell(field: Field, value: Value): string {
  return value === null ? "" : field.type.entry(value);
}

/** What a control holds against its field. An empty control means unknown, but for free text that may be empty. */
export function checkEntry(field: Field, cell: string, long: boolean): Checked {
  if (cell === "" && !(long && !field.cells.missing.has(""))) return checkValue(field, null);
  return checkCell(field, cell);
}

/** The quiet line under a field: what is permitted, or what was usual. */
export function hintOf(field: Field): string {
  const told = (bound: number) => field.type.boundHint(bound);
  const span = ([low, high]: Bounds) =>
    low === null
      ? `up to ${told(high ?? 0)}`
      : high === null
        ? `from ${told(low)}`
        : `${told(low)} to ${told(high)}`;
  const parts = field.refusing.flatMap(({ example }) => (example ? [`such as ${example}`] : [])).slice(0, 1);
  if (field.observed) parts.push(`usually ${span(field.observed)}`);
  if (field.range) parts.push(`permitted ${span(field.range)}`);
  return parts.join(" · ");
}

/** What stands in a cell while its control shows half a date. It is no date, so that nothing is answered. */
export const INCOMPLETE = "an incomplete date";

/** Whether a text that is being typed is no mistake yet. A text that a stage reads is judged when it is complete. */
export function isUnfinished(field: Field, text: string): boolean {
  return field.refusing.length > 0 || field.type.isUnfinished(text);
}

/** The control that shows a cell of the field. */
export function controlOf(field: Field, cell: string): Control {
  return field.type.control(field.range, cell === INCOMPLETE ? "" : cell);
}
