/** What makes the answer to one good row less reliable; the form and the file results show the same cautions. */
import type { Contract, Field, Value } from "./contract";

export interface Caution {
  /** `unlike`: outside the training data; `category`: not a known value; `words`: no known word; `empty`: most are missing. */
  kind: "unlike" | "category" | "words" | "empty";
  /** Index of the input; null for a caution about the whole row. */
  field: number | null;
  message: string;
}

/**
 * The cautions of a checked row, ordered by field, the one about the whole row first.
 *
 * @param wordless inputs whose text has no known word (`Stages.wordless`).
 */
export function cautionsOf(
  contract: Contract,
  row: readonly Value[],
  wordless: readonly number[] = [],
): Caution[] {
  const empty = row.filter((value) => value === null).length;
  const found: Caution[] = [];
  if (mostlyEmpty(empty, row.length)) {
    found.push({ kind: "empty", field: null, message: `${empty} of ${row.length} fields are empty.` });
  }
  contract.inputs.forEach((field, i) => {
    const value = row[i] ?? null;
    const kind = unlikeTraining(field, value);
    if (kind === "category") {
      found.push({ kind, field: i, message: `"${field.name}" is not among the known values.` });
    } else if (kind === "unlike") {
      found.push({ kind, field: i, message: `"${field.name}" is outside the training data${usual(field)}.` });
    } else if (wordless.includes(i)) {
      found.push({ kind: "words", field: i, message: `"${field.name}" has no word that the model knows.` });
    }
  });
  return found;
}

/** Whether the larger part of a row is empty, so that its answer rests on little. */
export function mostlyEmpty(empty: number, total: number): boolean {
  return empty * 2 > total;
}

/** How a good value differs from the training data, else null. */
export function unlikeTraining(field: Field, value: Value): "category" | "unlike" | null {
  if (value === null) return null;
  if (field.known) return field.known.has(value) ? null : "category";
  if (!field.observed || typeof value !== "number") return null;
  const [low, high] = field.observed;
  return (low !== null && value < low) || (high !== null && value > high) ? "unlike" : null;
}

/** The range of most training values, as text; empty where it is not known. */
export function usual(field: Field): string {
  const [low, high] = field.observed ?? [null, null];
  if (low === null || high === null) return "";
  const { type } = field;
  return ` (mostly ${type.boundText(low)} to ${type.boundText(high)}${field.units ? ` ${field.units}` : ""})`;
}
