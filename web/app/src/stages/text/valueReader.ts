/** Stages that parse a string as a number or a time (spec/TEXT.md §5a; stages/text/value_reader.py). */
import { compileFormat, example, formatProblem, isoOf } from "../../contract/dateFormat";
import { microsOf } from "../../contract/moments";
import { items, Malformed, STRINGS, text } from "../read";

export interface ValueReader {
  /** The value; undefined for a string without a value. */
  read(text: string): number | undefined;
  /** Whether a string is refused: it has neither a value nor means a missing one, or its value is refused. */
  isRefused(text: string): boolean;
  /** What a refused string must be: "a number", or "a date by the format %d.%m.%Y, such as 31.12.2024". */
  described(text: string): string;
  /** A string that is accepted. */
  example: string;
}

const SPACE = /^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g;
const WHOLE = /^[+-]?[0-9]+$/;
const NUMBER = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const INFINITE = /^([+-]?)inf(inity)?$/i;
const LONGEST_FORMAT = 32;
/** Of an integer; Python, and so pandas, does not parse longer ones. */
const MOST_DIGITS = 4300;
const MOST_MISSING = 64;
const LONGEST_MISSING = 32;
const OTHERS = ["pattern", "space", "stop_words", "prefix", "vocabulary", "hash"];

/** The reader of a stage with the analyzer `number` or `time`; undefined for others. Throws Malformed. */
export function valueOf(spec: Record<string, unknown>): ValueReader | undefined {
  const { analyzer } = spec;
  if (analyzer !== "number" && analyzer !== "time") {
    if (["format", "unreadable", "missing", "wide", "infinite"].some((key) => key in spec))
      throw new Malformed(
        "only the analyzers number and time may have format, unreadable, missing, wide and infinite",
      );
    return undefined;
  }
  if (OTHERS.some((key) => key in spec) || JSON.stringify(spec["ngrams"]) !== "[1,1]")
    throw new Malformed(`the analyzer ${analyzer} must not have terms`);
  const strict = isSet(spec, "unreadable");
  const finite = isSet(spec, "infinite");
  const narrow = isSet(spec, "wide");
  if (("missing" in spec || narrow) && !strict)
    throw new Malformed("only a stage with unreadable may have missing and wide");
  const listed = "missing" in spec ? items(spec["missing"], STRINGS, MOST_MISSING) : [];
  const missing = new Set(listed.map((given) => text(given, LONGEST_MISSING)));
  const reader = (
    read: ValueReader["read"],
    described: ValueReader["described"],
    example: string,
  ): ValueReader => ({
    read,
    described,
    example,
    isRefused(given) {
      const value = read(given);
      return value === undefined ? strict && !missing.has(given) : finite && !Number.isFinite(value);
    },
  });
  if (analyzer === "number") {
    if ("format" in spec) throw new Malformed("only the analyzer time may have format");
    const needed = finite ? "a finite number" : "a number";
    return reader(
      (given) => numberOf(given, strict, narrow),
      (given) => needed + (given.includes(",") ? "; decimals are written with a point" : ""),
      "12.5",
    );
  }
  if (finite || narrow) throw new Malformed("only the analyzer number may have infinite and wide");
  const given = text(spec["format"], LONGEST_FORMAT);
  const problem = formatProblem(given, false);
  if (problem) throw new Malformed(problem);
  const pattern = compileFormat(given);
  const read = (cell: string) => (pattern.test(cell) ? timeOf(isoOf(cell, pattern)) : undefined);
  const written = example(given);
  return reader(read, () => `a date by the format ${given}, such as ${written}`, written);
}

function isSet(spec: Record<string, unknown>, key: string): boolean {
  if (key in spec && spec[key] !== "refused") throw new Malformed(`${key} must be "refused"`);
  return key in spec;
}

/** C's strptime accepts up to 61 seconds; 60 and 61 belong to the next minute. */
function timeOf(iso: string): number | undefined {
  const late = /:6[01]$/.test(iso) ? Number(iso.slice(-2)) - 59 : 0;
  const micros = microsOf(late ? `${iso.slice(0, -2)}59` : iso);
  return micros === undefined ? undefined : micros + late * 1_000_000;
}

function isWide(whole: string): boolean {
  const exact = BigInt(whole.replace(/^\+/, ""));
  return exact < -(2n ** 63n) || exact >= 2n ** 64n;
}

function numberOf(given: string, strict: boolean, narrow: boolean): number | undefined {
  const plain = given.replace(SPACE, "");
  if (WHOLE.test(plain)) {
    // pandas with errors="raise" keeps integers beyond 64 bits as Python ints, which few functions accept.
    if (plain.replace(/^[+-]/, "").length > MOST_DIGITS || (narrow && isWide(plain))) return undefined;
    const value = Number(plain);
    return strict && !Number.isFinite(value) ? undefined : value;
  }
  if (NUMBER.test(plain)) return Number(plain);
  const infinite = INFINITE.exec(plain);
  return infinite ? (infinite[1] === "-" ? -Infinity : Infinity) : undefined;
}
