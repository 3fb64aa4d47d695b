/** What makes the answer to a good row less reliable. The form and the results of a file show the same cautions. */
import type { Contract, Field, Value } from "./contract";

/** A value this share of the width outside the range of most training values is only rare. */
const RARE = 0.25;

export interface Caution {
  /** `unlike`: far from the training data; `category`: not a known value; `stage`: what a stage found; `empty`: most are missing. */
  kind: "unlike" | "category" | "stage" | "empty";
  /** Index of the input; null for a caution about the whole row. */
  field: number | null;
  message: string;
  /** Of a stage: what the value has, such as "no word that the model knows"; else absent. */
  observed?: string;
}

/**
 * The cautions of a checked row, ordered by field, the one about the whole row first.
 *
 * @param staged what stages found, by field (`Stages.cautions`).
 */
export function cautionsOf(
  contract: Contract,
  row: readonly Value[],
  staged: ReadonlyMap<number, string> = new Map(),
): Caution[] {
  const empty = row.filter((value) => value === null).length;
  const cautions: Caution[] = [];
  if (mostlyEmpty(empty, row.length)) {
    cautions.push({ kind: "empty", field: null, message: `${empty} of ${row.length} fields are empty.` });
  }
  contract.inputs.forEach((field, i) => {
    const value = row[i] ?? null;
    const kind = standing(field, value);
    if (kind === "category") {
      cautions.push({ kind, field: i, message: `"${field.name}" is not among the known values.` });
    } else if (kind === "unlike") {
      cautions.push({
        kind,
        field: i,
        message: `"${field.name}" is unlike the training data${usual(field)}.`,
      });
    } else {
      const observed = staged.get(i);
      if (observed)
        cautions.push({
          kind: "stage",
          field: i,
          message: `"${field.name}" has ${observed}.`,
          observed: observed,
        });
    }
  });
  return cautions;
}

/** Whether most fields of a row are empty, so that its answer is hardly about the row. */
export function mostlyEmpty(empty: number, total: number): boolean {
  return empty * 2 > total;
}

/** How a value compares with the training data; null for a usual one. `rare` is not a caution (docs/decisions.md). */
export function standing(field: Field, value: Value): "category" | "unlike" | "rare" | null {
  if (value === null) return null;
  if (field.known) return typeof value !== "object" && field.known.has(value) ? null : "category";
  if (!field.observed || typeof value !== "number") return null;
  const [low, high] = [field.observed[0] ?? -Infinity, field.observed[1] ?? Infinity];
  if (value >= low && value <= high) return null;
  const margin = Number.isFinite(high - low) ? RARE * (high - low) : 0;
  return value >= low - margin && value <= high + margin ? "rare" : "unlike";
}

/** The range of most training values, as text; empty if it is not known. */
export function usual(field: Field): string {
  const [low, high] = field.observed ?? [null, null];
  if (low === null || high === null) return "";
  const { type } = field;
  return ` (mostly ${type.boundText(low)} to ${type.boundText(high)}${field.units ? ` ${field.units}` : ""})`;
}
