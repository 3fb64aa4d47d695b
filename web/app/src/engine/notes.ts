/** Counts of unusual values for each column of a file: missing, unknown, unlike the training data. */
import { standing, type Caution } from "../contract/cautions";
import type { Contract, Value } from "../contract/contract";
import type { ColumnNote } from "./protocol";

const MAX_WORDS = 200;
const MAX_LISTED = 5;
/** Common words for missing values that the contract may not list; compared without case. */
const MISSING_LIKE = new Set([
  ...[
    "na",
    "n/a",
    "#n/a",
    "#na",
    "<na>",
    "n.a.",
    "nan",
    "null",
    "none",
    "nil",
    "nd",
    "n/d",
    "missing",
    "unknown",
  ],
  ...[
    "-",
    "--",
    "---",
    "–",
    "—",
    ".",
    "..",
    "?",
    "??",
    "*",
    "(blank)",
    "not available",
    "not known",
    "not done",
  ],
]);

interface Counts {
  missing: number;
  unlike: number;
  rare: number;
  category: number;
  /** What stages found, the unknown categories, and words that may stand for a missing value. */
  staged: Map<string, number>;
  unknown: Map<string, number>;
  suspects: Map<string, number>;
}

export class ColumnNotes {
  private readonly counts: Counts[];

  /** `asMissing` are the words that the user chose to treat as missing, for each input. */
  constructor(
    private readonly contract: Contract,
    private readonly asMissing: readonly (ReadonlySet<string> | null)[],
  ) {
    this.counts = contract.inputs.map(() => ({
      missing: 0,
      unlike: 0,
      rare: 0,
      category: 0,
      staged: new Map(),
      unknown: new Map(),
      suspects: new Map(),
    }));
  }

  /** `positions` are those of the inputs in `record`; `values` is null for a row that was refused. */
  add(
    positions: readonly number[],
    record: readonly string[],
    values: readonly Value[] | null,
    cautions: readonly Caution[],
  ): void {
    for (const [i, counts] of this.counts.entries()) {
      if (values && values[i] === null) counts.missing++;
      else if (values && standing(this.contract.inputs[i]!, values[i]!) === "rare") counts.rare++;
      // Also of refused rows, because such a word may be the reason for the refusal.
      else this.suspect(i, (record[positions[i]!] ?? "").trim());
    }
    for (const { kind, field, observed } of cautions) {
      if (field === null) continue;
      const counts = this.counts[field]!;
      if (kind === "unlike") counts.unlike++;
      else if (kind === "stage") increase(counts.staged, observed ?? "");
      else if (kind === "category") {
        counts.category++;
        increase(counts.unknown, String(values?.[field] ?? ""));
      }
    }
  }

  /** The notes on columns with unusual values, in the order of the contract. */
  list(): ColumnNote[] {
    return this.counts.flatMap(({ missing, unlike, rare, category, ...words }, i) => {
      const suspects = ranked(words.suspects);
      const unknown = ranked(words.unknown).filter(([word]) => !words.suspects.has(word.trim()));
      const staged = ranked(words.staged);
      if (missing + unlike + rare + category + staged.length + suspects.length === 0) return [];
      const explained = suspects.reduce((sum, [word]) => sum + (words.unknown.get(word) ?? 0), 0);
      const field = this.contract.inputs[i]!;
      return [
        {
          field: field.name,
          missing,
          unlike,
          rare,
          staged,
          category: category - explained,
          unknown: unknown.slice(0, MAX_LISTED),
          suspects: suspects.slice(0, MAX_LISTED),
          missingAllowed: field.missing === "allowed",
        },
      ];
    });
  }

  private suspect(i: number, cell: string): void {
    const field = this.contract.inputs[i]!;
    if (!MISSING_LIKE.has(cell.toLowerCase())) return;
    if (field.cells.missing.has(cell) || this.asMissing[i]?.has(cell) || field.known?.has(cell)) return;
    increase(this.counts[i]!.suspects, cell);
  }
}

function increase(counts: Map<string, number>, word: string): void {
  if (counts.has(word) || counts.size < MAX_WORDS) counts.set(word, (counts.get(word) ?? 0) + 1);
}

function ranked(counts: Map<string, number>): [string, number][] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}
