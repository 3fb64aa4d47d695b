/** Outputs of a contract, and which of them is the headline. */
import { isObject } from "../../seal/json";
import type { Contract, Output } from "../contract";
import { elementOf } from "../elements";
import { isKind, kindOf } from "../outputs";
import { distinctTexts, given, list, LONGEST_DESCRIPTION, malformed, prose, scalar, text } from "./read";

const KEYS: readonly string[] = [
  ...["name", "kind", "title", "dtype", "width", "classes", "class_names", "columns", "units", "description"],
];
const MOST_WIDTH = 1 << 20;

export function parseOutput(raw: unknown): Output {
  if (!isObject(raw) || typeof raw["name"] !== "string" || !raw["name"])
    throw malformed("an output has no name");
  if (!Object.keys(raw).every((key) => KEYS.includes(key)))
    throw malformed("a key of an output is not known");
  text(raw["name"], "outputs");
  const where = `output '${raw["name"].slice(0, 80)}'`;
  const { kind } = raw;
  if (!isKind(kind)) throw malformed("the kind is not known", where);
  const element = elementOf(raw["dtype"]);
  if (!element) throw malformed("the dtype is not known", where);
  if (!kindOf({ kind }).dtypes.includes(element.name))
    throw malformed(`an output of the kind ${kind} is float64`, where);
  const width = raw["width"] ?? null;
  if (width !== null && (!Number.isInteger(width) || (width as number) < 1 || (width as number) > MOST_WIDTH))
    throw malformed(`the width is not a count from 1 to ${MOST_WIDTH}`, where);
  const classes = raw["classes"] == null ? null : list(raw["classes"], where).map((v) => scalar(v, where));
  const names = raw["class_names"] == null ? null : distinctTexts(raw["class_names"], where);
  const columns = raw["columns"] == null ? null : distinctTexts(raw["columns"], where);
  if (names && names.length !== classes?.length)
    throw malformed("there are not as many class names as classes", where);
  if (columns && columns.length !== width)
    throw malformed("there are not as many column names as columns", where);
  return {
    name: raw["name"],
    kind,
    element,
    width: width as number | null,
    classes,
    class_names: names,
    columns,
    title: prose(given(raw, "title", ""), where),
    units: prose(given(raw, "units", ""), where),
    description: prose(given(raw, "description", ""), where, LONGEST_DESCRIPTION),
  };
}

/** Throws E106 where a table of answers would be too wide, or have two columns of the same name. */
export function checkAnswerColumns(outputs: readonly Output[]): void {
  if (outputs.reduce((sum, output) => sum + (output.width ?? 1), 0) > MOST_WIDTH)
    throw malformed(`the outputs have more than ${MOST_WIDTH} columns`);
  // With "_" as the smallest character, the names that begin with `<name>_` directly follow `name`.
  const key = (name: string) => name.replaceAll("_", "\0");
  const names = outputs.map((output) => output.name).sort((a, b) => (key(a) < key(b) ? -1 : 1));
  names.slice(1).forEach((following, i) => {
    if (following.startsWith(`${names[i]!}_`))
      throw malformed(
        `the output '${following.slice(0, 80)}' is named like a column of '${names[i]!.slice(0, 80)}'`,
      );
  });
}

export function parseHeadline(raw: unknown, outputs: readonly Output[]): Contract["headline"] {
  if (raw == null) return null;
  const output = isObject(raw) ? outputs.find((o) => o.name === raw["output"]) : undefined;
  if (!isObject(raw) || !output || Object.keys(raw).sort().join(" ") !== "class output")
    throw malformed("the headline is no output and a class");
  const wanted = raw["class"] ?? null;
  if (wanted === null) return { output: output.name, class: null };
  const value = scalar(wanted, "headline");
  if (!output.classes?.includes(value)) throw malformed("the headline's class is no class");
  return { output: output.name, class: value };
}
