/** The golden examples, read and run again. */
import type { Contract } from "../contract/types";
import { checkValue } from "../contract/value";
import { SealiftError } from "../errors";
import { asNumber, isObject } from "../seal/json";
import type { Golden, GoldenOutput, GoldenReport, Tolerance } from "./protocol";
import type { Model } from "./session";

const BATCH = 512;

export function parseGolden(raw: unknown, contract: Contract): Golden {
  if (!isObject(raw) || !Array.isArray(raw["rows"]) || !isObject(raw["answers"]))
    throw malformed("rows or answers are missing");
  const names = contract.inputs.map((field) => field.name);
  if (JSON.stringify(raw["columns"]) !== JSON.stringify(names))
    throw malformed("the columns are not the contract's inputs");
  const rows = (raw["rows"] as unknown[]).map((row, index) => {
    if (!Array.isArray(row) || row.length !== names.length)
      throw malformed(`row ${index + 1} has another length`);
    return contract.inputs.map((field, i) => {
      const cell: unknown = row[i];
      // A text may well be called "NaN"; a number cannot, except by the name that JSON lacks.
      const checked = checkValue(field, field.dtype === "string" ? cell : (asNumber(cell) ?? cell));
      if ("code" in checked) throw malformed(`row ${index + 1}: ${checked.message}`);
      return checked.value;
    });
  });
  const answers = new Map<string, unknown[]>();
  for (const output of contract.outputs) {
    const listed = raw["answers"][output.name];
    if (!Array.isArray(listed) || listed.length !== rows.length)
      throw malformed(`the answers of "${output.name}" are missing`);
    answers.set(output.name, listed as unknown[]);
  }
  const tolerance = new Map<string, Tolerance>();
  if (isObject(raw["tolerance"])) {
    for (const [name, rule] of Object.entries(raw["tolerance"])) {
      const width = contract.outputs.find((output) => output.name === name)?.width ?? null;
      tolerance.set(name, parseTolerance(rule, width));
    }
  }
  return { rows, answers, tolerance, source: String(raw["source"]).slice(0, 20) };
}

/** One scale for all columns of an output, or a list with one for each. */
export function parseTolerance(rule: unknown, width: number | null): Tolerance {
  if (!isObject(rule)) throw malformed("a tolerance is malformed");
  const [relative, given] = [asNumber(rule["relative"]), rule["scale"]];
  const scale = Array.isArray(given) ? given.map(asNumber) : asNumber(given);
  const missing = Array.isArray(scale)
    ? scale.length !== width || scale.includes(undefined)
    : scale === undefined;
  if (relative === undefined || missing) throw malformed("a tolerance is malformed");
  return { relative, scale: scale as number | number[] };
}

/** Run every golden row again, here. */
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
    const rows = golden.rows.slice(start, start + BATCH);
    const answers = await model.predict(rows);
    answers.forEach((answer, index) => {
      const report = outputs[index]!;
      const width = answer.width ?? 1;
      for (let r = 0; r < rows.length; r++) {
        const expected = golden.answers.get(answer.name)![start + r];
        const wanted: unknown[] =
          answer.width === null ? [expected] : Array.isArray(expected) ? expected : [];
        let same = wanted.length === width;
        for (let c = 0; c < width && same; c++) {
          const got = answer.data[r * width + c]!;
          const difference = compare(got, wanted[c], ruleOf(report.tolerance, c));
          if (difference === undefined) same = false;
          report.worst = Math.max(report.worst, gap(got, wanted[c]));
        }
        if (same) report.matching++;
        else wrong.add(start + r + 1);
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

/** The rule of one column. */
function ruleOf(rule: Tolerance | null, column: number): { relative: number; scale: number } | null {
  if (!rule) return null;
  const { relative, scale } = rule;
  return { relative, scale: Array.isArray(scale) ? scale[column]! : scale };
}

/** The difference where `got` reproduces `expected` under the rule, else undefined. */
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

/** The plain distance of two finite numbers; 0 for anything else. */
function gap(got: unknown, expected: unknown): number {
  const wanted = asNumber(expected);
  if (typeof got !== "number" || wanted === undefined) return 0;
  const difference = Math.abs(got - wanted);
  return Number.isFinite(difference) ? difference : 0;
}

function malformed(what: string): SealiftError {
  return new SealiftError(
    "E205",
    `The member is malformed: ${what}.`,
    "golden/examples.json",
    "Ask its publisher for the original file.",
  );
}
