/** Matches the header of a table with the inputs of the contract (spec/CONTRACT.md §4). */
import { SealiftError } from "../errors";
import type { Contract } from "./contract";

export interface Columns {
  /** For each input, the position of its column. */
  inputs: number[];
  /** The extra columns, which are not inputs: position and name. */
  extra: { at: number; name: string }[];
  width: number;
}

/**
 * Throws E103 for a duplicate column, E101 for missing inputs, E102 for columns that are neither inputs nor ignored by
 * the model, unless `keepExtra`.
 */
export function matchHeader(contract: Contract, header: readonly string[], keepExtra: boolean): Columns {
  const places = new Map(header.map((name, at): [string, number] => [name, at]));
  const twice =
    places.size === header.length ? undefined : header.find((name, at) => places.get(name) !== at);
  if (twice !== undefined) {
    throw new SealiftError(
      "E103",
      `Duplicate column "${twice.slice(0, 80)}".`,
      "header",
      "Rename or remove one of them.",
    );
  }
  const known = new Set(contract.inputs.map((field) => field.name));
  const ignored = new Set(contract.ignored.map((column) => column.name));
  const extra = header.flatMap((name, at) => (known.has(name) ? [] : [{ at, name }]));
  const unknown = extra.map((column) => column.name).filter((name) => !ignored.has(name));
  const missing = contract.inputs.map((field) => field.name).filter((name) => !places.has(name));
  if (missing.length > 0) {
    const close = closest(missing[0]!, unknown);
    const fix =
      close === undefined
        ? "Add the columns with these exact names."
        : `Rename the column "${close}" to "${missing[0]!}".`;
    throw new SealiftError("E101", `The rows lack ${listed(missing)}.`, "header", fix);
  }
  if (unknown.length > 0 && !keepExtra) {
    throw new SealiftError(
      "E102",
      `The rows have columns that are not inputs of the model: ${listed(unknown)}.`,
      "header",
      "Remove them, or copy them to the answers.",
    );
  }
  const inputs = contract.inputs.map((field) => places.get(field.name) ?? -1);
  return { inputs, extra: keepExtra ? extra : [], width: header.length };
}

function listed(names: string[]): string {
  const first = names
    .slice(0, 5)
    .map((name) => `"${name}"`)
    .join(", ");
  return first + (names.length > 5 ? ` and ${names.length - 5} more` : "");
}

/** A similar name: it differs in case, blanks or at most a quarter of its letters. */
function closest(name: string, others: string[]): string | undefined {
  const wanted = fold(name);
  let best: { name: string; share: number } | undefined;
  for (const other of others) {
    const folded = fold(other);
    const share = distance(wanted, folded) / Math.max(wanted.length, folded.length, 1);
    if (share <= 0.25 && (!best || share < best.share)) best = { name: other, share };
  }
  return best?.name;
}

function fold(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_.-]+/g, " ")
    .slice(0, 200);
}

/** The Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
