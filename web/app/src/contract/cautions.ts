/** What makes the answer to one good row less reliable; the form and the file results show the same cautions. */
import type { Contract, Field, Value } from "./contract";

/** By how much of its width the range of most training values is exceeded by what is still only rare. */
const RARE = 0.25;

export interface Caution {
  /** `unlike`: far from the training data; `category`: not a known value; `words`: no known word; `empty`: most are missing. */
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
    const kind = standing(field, value);
    if (kind === "category") {
      found.push({ kind, field: i, message: `"${field.name}" is not among the known values.` });
    } else if (kind === "unlike") {
      found.push({ kind, field: i, message: `"${field.name}" is unlike the training data${usual(field)}.` });
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

/** How a good value stands to the training data; null for a usual one. `rare` is no caution (docs/decisions.md). */
export function standing(field: Field, value: Value): "category" | "unlike" | "rare" | null {
  if (value === null) return null;
  if (field.known) return field.known.has(value) ? null : "category";
  if (!field.observed || typeof value !== "number") return null;
  const [low, high] = [field.observed[0] ?? -Infinity, field.observed[1] ?? Infinity];
  if (value >= low && value <= high) return null;
  const margin = Number.isFinite(high - low) ? RARE * (high - low) : 0;
  return value >= low - margin && value <= high + margin ? "rare" : "unlike";
}

/** The range of most training values, as text; empty where it is not known. */
export function usual(field: Field): string {
  const [low, high] = field.observed ?? [null, null];
  if (low === null || high === null) return "";
  const { type } = field;
  return ` (mostly ${type.boundText(low)} to ${type.boundText(high)}${field.units ? ` ${field.units}` : ""})`;
}
