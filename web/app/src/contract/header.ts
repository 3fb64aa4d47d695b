/** The header of a table against the contract's inputs (spec/CONTRACT.md §4). */
import { SealiftError } from "../errors";
import type { Contract } from "./contract";

export interface Columns {
  /** For each input, the position of its column. */
  inputs: number[];
  /** The columns to carry along, which are no inputs: position and name. */
  extra: { at: number; name: string }[];
  width: number;
}

/**
 * Throws E103 for a name that stands twice, E101 for lacking inputs, E102 for columns that are neither inputs nor
 * ignored by the model, unless `carry`.
 */
export function matchHeader(contract: Contract, header: readonly string[], carry: boolean): Columns {
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
  const lacking = contract.inputs.map((field) => field.name).filter((name) => !places.has(name));
  if (lacking.length > 0) {
    const close = closest(lacking[0]!, unknown);
    const fix =
      close === undefined
        ? "Add the columns with these exact names."
        : `Rename the column "${close}" to "${lacking[0]!}".`;
    throw new SealiftError("E101", `The rows lack ${listed(lacking)}.`, "header", fix);
  }
  if (unknown.length > 0 && !carry) {
    throw new SealiftError(
      "E102",
      `The rows have columns that are not inputs of the model: ${listed(unknown)}.`,
      "header",
      "Remove them, or copy them to the answers.",
    );
  }
  const inputs = contract.inputs.map((field) => places.get(field.name) ?? -1);
  return { inputs, extra: carry ? extra : [], width: header.length };
}

function listed(names: string[]): string {
  const first = names
    .slice(0, 5)
    .map((name) => `"${name}"`)
    .join(", ");
  return first + (names.length > 5 ? ` and ${names.length - 5} more` : "");
}

/** The name that differs by case, blanks or at most a quarter of its letters. */
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

/** Levenshtein's distance. */
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
