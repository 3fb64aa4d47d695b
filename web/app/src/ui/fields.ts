/** How a field is filled in: which control, and what its choices are. */
import { shown, type Field, type Value } from "../contract/types";

export type Choice = { value: string; text: string };

/** The choices of a field that is picked from a list, else null. The values are texts that CONTRACT.md §3 reads back. */
export function choicesOf(field: Field): Choice[] | null {
  if (field.categories) return field.categories.map((value) => ({ value: shown(value), text: shown(value) }));
  if (field.dtype !== "bool") return null;
  return [
    { value: "false", text: "No" },
    { value: "true", text: "Yes" },
  ];
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
  return String(value);
}

/** The quiet line under a field: what is permitted, or what was usual. */
export function hintOf(field: Field): string {
  const span = ([low, high]: [number | null, number | null]) =>
    low === null ? `up to ${high}` : high === null ? `from ${low}` : `${low} to ${high}`;
  const parts: string[] = [];
  if (field.observed) parts.push(`usually ${span(field.observed)}`);
  if (field.range) parts.push(`permitted ${span(field.range)}`);
  return parts.join(" · ");
}

/** A text on its way to being a number is no mistake yet. */
export function unfinishedNumber(text: string): boolean {
  return /^\s*[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]*)?\s*$/.test(text);
}
