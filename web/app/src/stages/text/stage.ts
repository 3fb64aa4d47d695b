/** One text stage: converts a string to column counts (spec/TEXT.md; stages/text/stage.py). */
import type { Stage } from "../../contract/contract";
import { SealiftError } from "../../errors";
import { charMap, lower, type Change } from "./chars";
import { editsOf } from "./edits";
import { blanks, grams, insideWords } from "./grams";
import { murmur3 } from "./murmur";
import { flag, integer, INTEGERS, items, keys, Malformed, STRINGS, text } from "../read";
import { scanner, type Split } from "./scan";
import { Tables } from "./sharedTables";
import { valueOf, type ValueReader } from "./valueReader";

const MOST_COLUMNS = 1 << 20;
const LONGEST_GRAM = 64;
const LONGEST_PREFIX = 1 << 10;
const MOST_STOP_WORDS = 1 << 16;
const REMEMBERED = 1 << 16;
/** For one text: its characters, times the sum of the sizes of its n-grams. */
const MOST_WORK = 2 ** 24;
const MOST_ROWS = 1 << 22;
const OPTIONAL = [
  "rows",
  "edits",
  "lower",
  "accents",
  "pattern",
  "stop_words",
  "space",
  "prefix",
  "vocabulary",
  "hash",
  "format",
  "unreadable",
  "missing",
  "wide",
  "infinite",
];

/** The column of a term, and the number that is added there; undefined for an unknown term. */
type Place = (term: string) => { column: number; adds: number } | undefined;

export class TextStage {
  /** The number of columns. */
  readonly columns: number;
  /** The maximum number of rows in a run of the graph. */
  readonly rows: number;
  private readonly changes: Change[] = [];
  private readonly split: Split;
  private readonly place: Place;
  /** For the analyzers number and time. */
  private readonly value: ValueReader | undefined;

  /** The sum of the sizes of its n-grams. */
  readonly sizes: number;
  private readonly least: number;
  private readonly most: number;

  /** `tables` are shared with the other stages of the contract. Throws Malformed. */
  constructor(raw: unknown, tables = new Tables()) {
    const spec = keys(raw, ["analyzer", "ngrams"], OPTIONAL);
    this.rows = "rows" in spec ? integer(spec["rows"], 1, MOST_ROWS) : Infinity;
    if ("edits" in spec) this.changes.push(...editsOf(spec["edits"], tables));
    if ("lower" in spec) this.changes.push(tables.get(lower, spec["lower"]).change);
    if ("accents" in spec) this.changes.push(tables.get(charMap, spec["accents"]).change);
    const [least, most] = items(spec["ngrams"], INTEGERS, 2, 2).map((n) => integer(n, 1, LONGEST_GRAM)) as [
      number,
      number,
    ];
    if (least > most) throw new Malformed("the smallest size of n-grams is above the largest");
    this.value = valueOf(spec);
    this.split = this.value ? (whole) => [whole] : splitter(spec, least, most, tables);
    [this.least, this.most, this.sizes] = [least, most, sizesBetween(least, most)];
    if (this.value) {
      this.columns = 1;
      this.place = () => undefined;
      return;
    }
    if ("vocabulary" in spec === "hash" in spec)
      throw new Malformed("a stage must have either vocabulary or hash");
    ({ columns: this.columns, place: this.place } =
      "hash" in spec ? hashed(spec["hash"]) : listed(spec["vocabulary"]));
  }

  /** The terms of a string, with repetitions, in no particular order. */
  terms(text: string): string[] {
    let changed = text;
    for (const change of this.changes) {
      if (changed.length > MOST_WORK && count(changed) > MOST_WORK) throw tooLong(changed);
      changed = change(changed);
    }
    if (changed.length * this.sizes > MOST_WORK && this.work(changed) > MOST_WORK) throw tooLong(changed);
    return this.split(changed);
  }

  /** For a string that the stage refuses, what it must be, such as "a number"; otherwise empty. */
  refusedAs(text: string): string {
    return this.value?.isRefused(this.terms(text)[0]!) ? this.value.described(text) : "";
  }

  /** A string that the stage reads as a value; empty if it reads terms. */
  get example(): string {
    return this.value?.example ?? "";
  }

  /** An upper bound of the characters of all terms of a string (spec/TEXT.md §5). */
  work(text: string): number {
    const length = count(text);
    return length * sizesBetween(this.least, Math.min(this.most, Math.max(length, this.least)));
  }

  /** Column and count, ascending, for the columns of its terms; with signs, the sum of the signs. */
  count(text: string): [number, number][] {
    if (this.value) {
      const value = this.value.read(this.terms(text)[0]!);
      return value === undefined ? [] : [[0, value]];
    }
    const counts = new Map<number, number>();
    for (const term of this.terms(text)) {
      const place = this.place(term);
      if (place) counts.set(place.column, (counts.get(place.column) ?? 0) + place.adds);
    }
    return [...counts].sort((a, b) => a[0] - b[0]);
  }
}

/** Whether a text stage refuses strings that it cannot read; it may be malformed. */
export function isRefusing({ spec }: Stage): boolean {
  return "unreadable" in spec || "infinite" in spec;
}

/** The number of code points. */
function count(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i += text.codePointAt(i)! > 0xffff ? 2 : 1) count++;
  return count;
}

function sizesBetween(least: number, most: number): number {
  return ((least + most) * (most - least + 1)) / 2;
}

function tooLong(text: string): SealiftError {
  return new SealiftError(
    "E207",
    `A string of ${count(text)} characters has more terms than the format allows.`,
    "",
    "Leave the text out, or give it in smaller parts.",
  );
}

function listed(raw: unknown): { columns: number; place: Place } {
  const terms = items(raw, STRINGS, MOST_COLUMNS, 1);
  const places = new Map(terms.map((term, column) => [term, { column, adds: 1 }]));
  if (places.size !== terms.length) throw new Malformed("duplicate term in the vocabulary");
  return { columns: terms.length, place: (term) => places.get(term) };
}

function hashed(raw: unknown): { columns: number; place: Place } {
  const spec = keys(raw, ["columns", "signs"]);
  const columns = integer(spec["columns"], 1, MOST_COLUMNS);
  const signs = flag(spec["signs"], "signs");
  const known = new Map<string, { column: number; adds: number }>();
  const place = (term: string) => {
    let place = known.get(term);
    if (!place) {
      const hash = murmur3(term);
      place = { column: Math.abs(hash) % columns, adds: signs && hash < 0 ? -1 : 1 };
      if (known.size < REMEMBERED) known.set(term, place);
    }
    return place;
  };
  return { columns, place };
}

function splitter(spec: Record<string, unknown>, least: number, most: number, tables: Tables): Split {
  const { analyzer } = spec;
  if (analyzer === "whole") {
    if (["pattern", "space", "stop_words"].some((key) => key in spec) || most > 1)
      throw new Malformed("the analyzer whole must not have pattern, space, stop_words or n-grams");
    const prefix = "prefix" in spec ? text(spec["prefix"], LONGEST_PREFIX) : "";
    return (whole) => [prefix + whole];
  }
  if ("prefix" in spec) throw new Malformed("only the analyzer whole may have prefix");
  if (analyzer === "word") {
    if (!("pattern" in spec) || "space" in spec)
      throw new Malformed("the analyzer word must have pattern, and must not have space");
    const { split: scan } = tables.get(scanner, spec["pattern"]);
    const stop = new Set("stop_words" in spec ? items(spec["stop_words"], STRINGS, MOST_STOP_WORDS) : []);
    return (text) => {
      const words = scan(text).filter((word) => !stop.has(word));
      return most === 1 ? words : grams(words, least, most, " ");
    };
  }
  if (analyzer !== "char" && analyzer !== "char_wb")
    throw new Malformed("the analyzer must be word, char, char_wb, whole, number or time");
  if (!("space" in spec) || "pattern" in spec || "stop_words" in spec)
    throw new Malformed(`the analyzer ${analyzer} must have space, and must not have pattern or stop_words`);
  const { joined, parts } = tables.get(blanks, spec["space"]);
  if (analyzer === "char") return (text) => grams([...joined(text)], least, most, "");
  return (text) => insideWords(parts(text), least, most);
}
