/** Outputs of a contract, and the headline. The checks and messages are those of contract/output.py and contract.py. */
import type { Contract, Output, OutputKind, Scalar } from "../contract";
import { elementOf } from "../elements";
import { isObject } from "../../seal/json";
import { isKind, kindOf } from "../outputs";
import {
  areDistinct,
  checkedKeys,
  isLonger,
  jsonText,
  LONGEST_DESCRIPTION,
  LONGEST_TEXT,
  malformed,
  optionalList,
  texts,
} from "./read";

const REQUIRED: readonly string[] = ["name", "kind", "dtype"];
const OPTIONAL: readonly string[] = [
  ...["title", "width", "shape", "classes", "class_names", "columns", "units", "description", "settings"],
];
const MOST_WIDTH = 1 << 20;
const MOST_NUMBERS = 1 << 25;
const MOST_AXES = 8;

export function parseOutput(item: unknown): Output {
  const raw = checkedKeys(item, REQUIRED, OPTIONAL, "output");
  const where = `output ${jsonText(raw["name"])}`;
  const classes = optionalList(raw, "classes", where);
  const classNames = optionalList(raw, "class_names", where);
  const columns = optionalList(raw, "columns", where);
  const shape = optionalList(raw, "shape", where);
  const settings = raw["settings"] ?? null;
  if (settings !== null && !isObject(settings)) throw malformed("settings must be an object", where);
  const { name, title, description, units } = texts(raw, where);
  const { kind } = raw;
  if (!isKind(kind)) throw malformed(`the kind ${jsonText(kind)} is not known`, where);
  const element = elementOf(raw["dtype"]);
  if (!element?.isOutput) throw malformed(`the dtype ${jsonText(raw["dtype"])} is not known`, where);
  const { dtypes } = kindOf({ kind });
  if (!dtypes.includes(element.name))
    throw malformed(`the dtype of an output of the kind ${kind} must be ${dtypes.join(" or ")}`, where);
  const width = raw["width"] ?? null;
  if (width !== null && (!Number.isInteger(width) || (width as number) < 1 || (width as number) > MOST_WIDTH))
    throw malformed(`the width must be an integer from 1 to ${MOST_WIDTH}`, where);
  checkShape(kind, shape, width !== null, where);
  const named = [classNames, columns].flatMap((names) => (names ? [names] : []));
  if (named.flat().some((one) => typeof one !== "string" || isLonger(one, LONGEST_TEXT)))
    throw malformed(`class names and columns must be strings of at most ${LONGEST_TEXT} characters`, where);
  if (classes && !classes.every((value) => ["string", "number", "boolean"].includes(typeof value)))
    throw malformed("classes must be strings, numbers or booleans", where);
  if (classes?.some((value) => isLonger(value, LONGEST_DESCRIPTION)))
    throw malformed(`a class has more than ${LONGEST_DESCRIPTION} characters`, where);
  if (classNames && classNames.length !== classes?.length)
    throw malformed("the number of class names differs from that of classes", where);
  if (columns && columns.length !== width)
    throw malformed("the number of column names differs from the width", where);
  if (!named.every(areDistinct))
    throw malformed("names of classes and of columns must be non-empty, unique strings", where);
  const output: Output = {
    name,
    kind,
    element,
    width: width as number | null,
    shape: shape as (number | string)[] | null,
    classes: classes as Scalar[] | null,
    class_names: classNames as string[] | null,
    columns: columns as string[] | null,
    title,
    units,
    description,
    settings: settings as Output["settings"] | null,
  };
  const problem = kindOf(output).problem(output);
  if (problem) throw malformed(problem, where);
  return output;
}

function checkShape(kind: OutputKind, shape: unknown[] | null, wide: boolean, where: string): void {
  if (!kindOf({ kind }).hasAxes) {
    if (shape) throw malformed(`an output of the kind ${kind} has no shape`, where);
    return;
  }
  if (!shape || wide) throw malformed(`an output of the kind ${kind} must have a shape, and no width`, where);
  if (shape.length < 1 || shape.length > MOST_AXES || !shape.every(isSize))
    throw malformed(
      `the shape must have 1 to ${MOST_AXES} sizes: integers from 1 to ${MOST_NUMBERS}, or names of at most 24 letters and '_'`,
      where,
    );
  if (
    shape.reduce((count: number, size) => (typeof size === "number" ? count * size : count), 1) > MOST_NUMBERS
  )
    throw malformed(`an answer has more than ${MOST_NUMBERS} numbers`, where);
}

function isSize(size: unknown): boolean {
  if (typeof size === "string") return /^[a-z_]{1,24}$/.test(size);
  return Number.isInteger(size) && (size as number) >= 1 && (size as number) <= MOST_NUMBERS;
}

/** Throws E106 where a table of answers would be too wide. */
export function checkWidths(outputs: readonly Output[]): void {
  if (outputs.reduce((sum, output) => sum + (output.width ?? 1), 0) > MOST_WIDTH)
    throw malformed(`the outputs have more than ${MOST_WIDTH} columns`);
}

/** Throws E106 where two outputs could have columns of the same name in a table of answers. */
export function checkAnswerColumns(outputs: readonly Output[]): void {
  // With "_" as the smallest character, the names that begin with `<name>_` directly follow `name`.
  const key = (name: string) => name.replaceAll("_", "\0");
  const ordered = [...outputs].sort((a, b) => (key(a.name) < key(b.name) ? -1 : 1));
  if (!ordered.slice(1).some((output, i) => output.name.startsWith(`${ordered[i]!.name}_`))) return;
  const owners = new Map<string, string>();
  for (const output of ordered) {
    for (const column of kindOf(output).header(output)) {
      const owner = owners.get(column) ?? output.name;
      owners.set(column, owner);
      if (owner !== output.name)
        throw malformed(`the output ${jsonText(output.name)} has the name of a column of ${jsonText(owner)}`);
    }
  }
}

const HEADLINE: readonly string[] = ["output", "class"];

/** The headline with its keys checked; null where there is none. */
export function headlineOf(raw: unknown): Record<string, unknown> | null {
  return raw == null ? null : checkedKeys(raw, HEADLINE, [], "headline");
}

export function parseHeadline(
  raw: Record<string, unknown> | null,
  outputs: readonly Output[],
): Contract["headline"] {
  if (!raw) return null;
  const output = outputs.find((one) => one.name === raw["output"]);
  if (!output) throw malformed(`the headline ${jsonText(raw["output"])} is not an output`);
  const wanted = raw["class"] as Scalar | null;
  if (wanted !== null && !output.classes?.includes(wanted))
    throw malformed(`the class ${jsonText(wanted)} of the headline is not a class of its output`);
  return { output: output.name, class: wanted };
}
