/** The controls of fields: their kind, choices, labels and hints. */
import { checkCell, checkValue, type Checked } from "../contract/value";
import { categoryName, shown, type Bounds, type Field, type Value } from "../contract/contract";
import type { Choice, Control } from "../contract/types";

/** The choices of a field with a list, else null. Their values are parsed as cells (spec/CONTRACT.md §3). */
export function choicesOf(field: Field): readonly Choice[] | null {
  if (field.categories) {
    // An empty cell means unknown (spec/CONTRACT.md §3), so the empty string cannot be a choice as well.
    return field.categories
      .filter((value) => value !== "")
      .map((value) => ({ value: shown(value), text: categoryName(field, value) }));
  }
  return field.type.choices;
}

/** The displayed names of fields: their titles, or their names if a title is the title or name of another field. */
export function labelsOf(fields: readonly Field[]): string[] {
  const count = new Map<string, number>();
  for (const { name, title } of fields) {
    for (const text of new Set([name, title])) count.set(text, (count.get(text) ?? 0) + 1);
  }
  return fields.map(({ name, title }) => (title && count.get(title) === 1 ? title : name));
}

/** Whether choices are shown as toggles: few short ones; others are a list. */
export function asToggles(choices: readonly Choice[]): boolean {
  return (
    choices.length <= 5 &&
    choices.every((choice) => choice.text.length <= 18) &&
    choices.reduce((n, c) => n + c.text.length + 3, 0) <= 44
  );
}

/** The text of the control for an encoded value. */
export function toCell(field: Field, value: Value): string {
  return value === null || typeof value === "object" ? "" : field.type.entry(value);
}

/** Checks the text of a control. An empty one means unknown, except for long texts, which may be empty. */
export function checkEntry(field: Field, cell: string, long: boolean): Checked {
  if (cell === "" && !(long && !field.cells.missing.has(""))) return checkValue(field, null);
  return checkCell(field, cell);
}

/** The hint below a field: what is permitted, or what is usual. */
export function hintOf(field: Field): string {
  const hint = (bound: number) => field.type.boundHint(bound);
  const span = ([low, high]: Bounds) =>
    low === null
      ? `up to ${hint(high ?? 0)}`
      : high === null
        ? `from ${hint(low)}`
        : `${hint(low)} to ${hint(high)}`;
  const parts = field.refusing.flatMap(({ example }) => (example ? [`such as ${example}`] : [])).slice(0, 1);
  if (field.observed) parts.push(`usually ${span(field.observed)}`);
  if (field.range) parts.push(`permitted ${span(field.range)}`);
  return parts.join(" · ");
}

/** The cell while its control shows an incomplete date. It is not a date, so that nothing is predicted. */
export const INCOMPLETE = "an incomplete date";

/** Whether no error is shown yet for a text that is being typed. A text for a stage is checked when it is complete. */
export function isUnfinished(field: Field, text: string): boolean {
  return field.refusing.length > 0 || field.type.isUnfinished(text);
}

/** The control that shows a cell of the field. */
export function controlOf(field: Field, cell: string): Control {
  return field.type.control(field.range, cell === INCOMPLETE ? "" : cell);
}
