/** Reads the golden examples and runs them again. */
import { axesOf, type Contract, type Output, type Value } from "../contract/contract";
import { kindOf } from "../contract/outputs";
import { checkValue } from "../contract/value";
import { SealiftError } from "../errors";
import { checkCount, readArray } from "../seal/arrays";
import { asNumber, isObject } from "../seal/json";
import { perRow, type Golden, type GoldenOutput, type GoldenReport, type Tolerance } from "./protocol";
import type { Model } from "./session";

const BATCH = 512;

/** Parses golden/examples.json, whose arrays are among `members`. */
export function parseGolden(
  raw: unknown,
  contract: Contract,
  members: ReadonlyMap<string, Uint8Array>,
): Golden {
  checkCount(raw);
  if (!isObject(raw) || !Array.isArray(raw["rows"]) || !isObject(raw["answers"]))
    throw malformed("rows or answers are missing");
  const names = contract.inputs.map((field) => field.name);
  if (JSON.stringify(raw["columns"]) !== JSON.stringify(names))
    throw malformed("its columns differ from the contract's inputs");
  // No type of values that this reader knows is an array.
  if (Object.hasOwn(raw, "arrays")) throw malformed("its arrays must be values of inputs that are arrays");
  const rows = (raw["rows"] as unknown[]).map((row, index) => {
    if (!Array.isArray(row) || row.length !== names.length)
      throw malformed("a row has another number of values than there are columns");
    return contract.inputs.map((field, i) => {
      const checked = checkValue(field, row[i]);
      if ("code" in checked) throw malformed(`row ${index + 1}: ${checked.message}`);
      return checked.value;
    });
  });
  if (rows.length === 0) throw malformed("there are no rows");
  const given = raw["answers"];
  if (Object.keys(given).length !== contract.outputs.length)
    throw malformed("its answers differ from the contract's outputs");
  const answers = new Map<string, unknown[]>();
  for (const output of contract.outputs)
    answers.set(output.name, readAnswer(given, output, rows.length, members));
  if (!isObject(raw["tolerance"])) throw malformed("the tolerance is missing");
  const tolerance = new Map<string, Tolerance>();
  for (const [name, rule] of Object.entries(raw["tolerance"])) {
    const output = contract.outputs.find((one) => one.name === name);
    if (!output?.element.isMeasured) throw malformed("a tolerance must be for an output of float64");
    tolerance.set(name, parseTolerance(rule, output.width, answers.get(name)!));
  }
  const { source } = raw;
  if (source !== "generated" && source !== "caller")
    throw malformed("its source must be 'generated' or 'caller'");
  return { rows, answers, tolerance, source };
}

/** The expected answers of one output: one entry for each row, with the width and dtype of the output. */
function readAnswer(
  answers: Record<string, unknown>,
  output: Output,
  count: number,
  members: ReadonlyMap<string, Uint8Array>,
): unknown[] {
  const listed = Object.hasOwn(answers, output.name) ? answers[output.name] : undefined;
  if (isObject(listed)) return readStored(listed, output, count, members);
  if (!Array.isArray(listed) || listed.length !== count)
    throw malformed(`the answers of "${output.name}" are missing`);
  const axes = axesOf(output);
  for (const entry of listed as unknown[]) {
    if (output.shape) {
      if (!fitsShape(entry, axes, output.element.fits))
        throw malformed(`an answer of "${output.name}" does not have the shape or dtype of the output`);
      continue;
    }
    const values: unknown[] = output.width === null ? [entry] : Array.isArray(entry) ? entry : [];
    if (values.length !== (output.width ?? 1) || !values.every(output.element.fits))
      throw malformed(`an answer of "${output.name}" does not have the width or dtype of the output`);
  }
  return listed as unknown[];
}

/** Expected answers in a member of their own. */
function readStored(
  reference: Record<string, unknown>,
  output: Output,
  count: number,
  members: ReadonlyMap<string, Uint8Array>,
): unknown[] {
  const given = Array.isArray(reference["shape"]) ? (reference["shape"] as unknown[]) : [];
  const wanted = [count, ...axesOf(output)].map((size, i) => size ?? Number(given[i]));
  const { isMeasured, stored } = output.element;
  try {
    const values = isMeasured || output.shape ? readArray(reference, wanted, members) : undefined;
    if (values && stored) return isMeasured ? values : (restored(values, stored) as unknown[]);
  } catch (error) {
    throw malformed((error as Error).message);
  }
  throw malformed("an array of answers must have the shape of its output, which must be float64");
}

/** Whether nested lists have these dimensions, and only values of the output's type. */
function fitsShape(
  value: unknown,
  axes: readonly (number | null)[],
  fits: (value: unknown) => boolean,
): boolean {
  const sizes: number[] = [];
  for (let level = value; sizes.length < axes.length; level = (level as unknown[])[0]) {
    if (!Array.isArray(level) || level.length === 0) return false;
    sizes.push(level.length);
  }
  if (axes.some((size, i) => size !== null && size !== sizes[i])) return false;
  const check = (part: unknown, axis: number): boolean =>
    axis === sizes.length
      ? fits(part)
      : Array.isArray(part) && part.length === sizes[axis] && part.every((each) => check(each, axis + 1));
  return check(value, 0);
}

function restored(value: unknown, stored: (value: number) => unknown): unknown {
  return Array.isArray(value) ? value.map((each) => restored(each, stored)) : stored(value as number);
}

/** No answer may differ by more than this share of the largest expected answer of its output (spec/SEAL.md §6). */
const LOOSEST = 1e-2;

/** One scale for all columns of an output, or a list with one for each. */
export function parseTolerance(rule: unknown, width: number | null, expected: readonly unknown[]): Tolerance {
  if (!isObject(rule))
    throw malformed("a tolerance must consist of finite, non-negative numbers, with a scale for each column");
  const [relative, given] = [asNumber(rule["relative"]), rule["scale"]];
  const scales = Array.isArray(given) ? given.map(asNumber) : [asNumber(given)];
  if (Array.isArray(given) && given.length !== width)
    throw malformed("a tolerance must consist of finite, non-negative numbers, with a scale for each column");
  const isBounded = (value: number | undefined) => value !== undefined && value >= 0 && value < Infinity;
  if (!isBounded(relative) || !scales.every(isBounded))
    throw malformed("a tolerance must consist of finite, non-negative numbers, with a scale for each column");
  const largest = scales.reduce((most: number, scale) => Math.max(most, scale!), 0);
  if (relative! > LOOSEST || relative! * largest > allowance(expected))
    throw malformed("a tolerance is larger than the format allows");
  return { relative: relative!, scale: Array.isArray(given) ? (scales as number[]) : scales[0]! };
}

/** The largest absolute difference that a tolerance may allow near zero. */
function allowance(expected: readonly unknown[]): number {
  let most = 0;
  for (const value of expected.flat(Infinity)) {
    const size = Math.abs(asNumber(value) ?? 0);
    if (size < Infinity && size > most) most = size;
  }
  return LOOSEST * (most || 1);
}

/** Runs every golden row in this browser. */
export async function rerun(model: Model, golden: Golden): Promise<GoldenReport> {
  const started = performance.now();
  const wrong = new Set<number>();
  const outputs: GoldenOutput[] = model.contract.outputs.map(({ name }) => ({
    name,
    matching: 0,
    worst: 0,
    tolerance: golden.tolerance.get(name) ?? null,
  }));
  for (let start = 0; start < golden.rows.length; start += BATCH) {
    const rows: (readonly Value[])[] = [];
    const places: number[] = [];
    for (let at = start; at < Math.min(start + BATCH, golden.rows.length); at++) {
      const { row, problems } = await model.prepare(golden.rows[at]!);
      if (problems.length > 0)
        wrong.add(at + 1); // this browser does not decode the picture
      else places[rows.push(row) - 1] = at;
    }
    const answers = rows.length > 0 ? await model.predict(rows) : [];
    answers.forEach((answer, index) => {
      const report = outputs[index]!;
      const width = perRow(answer);
      for (let r = 0; r < rows.length; r++) {
        const expected = golden.answers.get(answer.name)![places[r]!];
        const wanted: unknown[] = !Array.isArray(expected)
          ? [expected]
          : answer.sizes
            ? expected.flat(Infinity)
            : answer.width === null
              ? []
              : expected;
        const output = model.contract.outputs[index]!;
        const rule = ruleOf(report.tolerance, 0);
        const margin = rule ? rule.relative * rule.scale : 0;
        const values = answer.data.slice(r * width, (r + 1) * width);
        const whole = kindOf(output).agree(output, values, wanted, margin, rule?.relative ?? 0);
        let same = whole?.same ?? wanted.length === width;
        report.worst = Math.max(report.worst, whole?.worst ?? 0);
        for (let c = 0; c < width && same && !whole; c++) {
          const got = answer.data[r * width + c]!;
          const difference = compare(got, wanted[c], ruleOf(report.tolerance, c));
          if (difference === undefined) same = false;
          report.worst = Math.max(report.worst, gap(got, wanted[c]));
        }
        if (same) report.matching++;
        else wrong.add(places[r]! + 1);
      }
    });
  }
  return {
    rows: golden.rows.length,
    matching: golden.rows.length - wrong.size,
    outputs,
    failing: [...wrong].sort((a, b) => a - b).slice(0, 20),
    milliseconds: performance.now() - started,
  };
}

/** The tolerance of one column. */
function ruleOf(rule: Tolerance | null, column: number): { relative: number; scale: number } | null {
  if (!rule) return null;
  const { relative, scale } = rule;
  return { relative, scale: Array.isArray(scale) ? scale[column]! : scale };
}

/** The difference if `got` reproduces `expected` within the tolerance, else undefined. */
export function compare(
  got: unknown,
  expected: unknown,
  rule: { relative: number; scale: number } | null,
): number | undefined {
  if (!rule)
    return Object.is(got, expected) || got === expected || got === asNumber(expected) ? 0 : undefined;
  const wanted = asNumber(expected);
  if (typeof got !== "number" || wanted === undefined) return undefined;
  if (Number.isNaN(got) && Number.isNaN(wanted)) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(wanted)) return got === wanted ? 0 : undefined;
  const difference = Math.abs(got - wanted);
  return difference <= rule.relative * Math.max(Math.abs(wanted), rule.scale) ? difference : undefined;
}

/** The absolute difference of two finite numbers; 0 for other values. */
function gap(got: unknown, expected: unknown): number {
  const wanted = asNumber(expected);
  if (typeof got !== "number" || wanted === undefined) return 0;
  const difference = Math.abs(got - wanted);
  return Number.isFinite(difference) ? difference : 0;
}

function malformed(what: string): SealiftError {
  return new SealiftError(
    "E205",
    `The golden examples are malformed: ${what}.`,
    "golden/examples.json",
    "Ask its publisher for the original file.",
  );
}
