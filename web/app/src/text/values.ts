/** Stages that read a text as one number or one time (spec/TEXT.md §5). The Python twin is text/values.py. */
import { compileFormat, formatProblem, isoOf } from "../contract/dateFormat";
import { microsOf } from "../contract/moments";
import { Malformed, text } from "./read";

export type ValueOf = (given: string) => number | undefined;

const SPACE = /^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g;
const NUMBER = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const INFINITE = /^([+-]?)inf(inity)?$/i;
const LONGEST_FORMAT = 32;
const OTHERS = ["pattern", "space", "stop_words", "prefix", "vocabulary", "hash"];

/** The reader of a stage with the analyzer `number` or `time`; undefined for others. Throws Malformed. */
export function valueOf(spec: Record<string, unknown>): ValueOf | undefined {
  const { analyzer } = spec;
  if ("format" in spec && analyzer !== "time") throw new Malformed("only a stage of times has a format");
  if (analyzer !== "number" && analyzer !== "time") return undefined;
  if (OTHERS.some((key) => key in spec) || JSON.stringify(spec["ngrams"]) !== "[1,1]")
    throw new Malformed("a stage of numbers or times has no terms");
  if (analyzer === "number") return numberOf;
  const given = text(spec["format"], LONGEST_FORMAT);
  const problem = formatProblem(given, "datetime");
  if (problem) throw new Malformed(problem);
  const pattern = compileFormat(given);
  return (cell) => (pattern.test(cell) ? timeOf(isoOf(cell, pattern)) : undefined);
}

/** C's strptime has minutes of up to 62 seconds; the last two belong to the next one. */
function timeOf(iso: string): number | undefined {
  const late = /:6[01]$/.test(iso) ? Number(iso.slice(-2)) - 59 : 0;
  const micros = microsOf(late ? `${iso.slice(0, -2)}59` : iso, "datetime");
  return micros === undefined ? undefined : micros + late * 1_000_000;
}

function numberOf(given: string): number | undefined {
  const plain = given.replace(SPACE, "");
  if (NUMBER.test(plain)) return Number(plain);
  const infinite = INFINITE.exec(plain);
  return infinite ? (infinite[1] === "-" ? -Infinity : Infinity) : undefined;
}
