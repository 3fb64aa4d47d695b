/** Inputs of a contract, and columns that the model ignores. The checks and messages are those of contract/field.py. */
import { CellReader, type CellKeys } from "../cells";
import type { Bounds, Field, Ignored, Scalar } from "../contract";
import { formatProblem } from "../dateFormat";
import { valueType, type ValueType } from "../types";
import {
  areDistinct,
  checkedKeys,
  duplicate,
  given,
  isLonger,
  jsonText,
  LONGEST_DESCRIPTION,
  LONGEST_TEXT,
  malformed,
  optionalList,
  texts,
} from "./read";

type Json = Record<string, unknown>;

const OPTIONAL: readonly string[] = [
  ...["missing", "categories", "category_names", "unknown", "range", "observed", "typical"],
  ...["title", "description", "units", "personal", "missing_as", "true_as", "false_as", "date_format"],
];
const LISTS = ["categories", "category_names", "missing_as", "true_as", "false_as"] as const;
const MAX_WORDS = 64;
const MAX_WORD = 128;

export function parseField(item: unknown): Field {
  const raw = checkedKeys(item, ["name", "dtype"], OPTIONAL, "input");
  const where = `input ${jsonText(raw["name"])}`;
  const range = pair(raw, "range", where);
  const observed = pair(raw, "observed", where);
  for (const key of LISTS) optionalList(raw, key, where);
  const { name, title, description, units } = texts(raw, where);
  const type = typeOf(raw, where);
  const [missing, unknown] = [given(raw, "missing", "refused"), given(raw, "unknown", "allowed")];
  if (!isPolicy(missing) || !isPolicy(unknown))
    throw malformed('missing and unknown must be "allowed" or "refused"', where);
  if (!type.hasCategories && raw["categories"] != null)
    throw malformed(`a field of the dtype ${type.name} cannot have categories`, where);
  const typical = (raw["typical"] ?? null) as Scalar | null;
  if (typical !== null && !type.fits(typical))
    throw malformed(`the typical value is not of the dtype ${type.name}`, where);
  const categories = parseCategories(raw, type, where);
  const category_names = parseNames(raw, categories, where);
  checkOrder(range, "range", where);
  checkOrder(observed, "observed", where);
  const keys = cellKeys(raw, type, where);
  const personal = given(raw, "personal", false);
  if (typeof personal !== "boolean") throw malformed("personal must be true or false", where);
  return {
    name,
    type,
    date_format: keys.date_format,
    cells: new CellReader(type, keys),
    refusing: [],
    missing,
    categories,
    category_names,
    known: categories && type.known(categories),
    unknown,
    range,
    observed,
    typical,
    title,
    description,
    units,
    personal,
  };
}

export function parseIgnored(item: unknown): Ignored {
  const { name, position } = checkedKeys(item, ["name", "position"], [], "ignored");
  if (typeof name !== "string" || name === "" || isLonger(name, LONGEST_TEXT))
    throw malformed(`the name must be a non-empty string of at most ${LONGEST_TEXT} characters`, "ignored");
  if (!Number.isInteger(position)) throw malformed("the position must be a whole number", "ignored");
  return { name, position: position as number };
}

function typeOf(raw: Json, where: string): ValueType {
  const type = valueType(raw["dtype"]);
  if (!type) throw malformed(`the dtype ${jsonText(raw["dtype"])} is not known`, where);
  return type;
}

function isPolicy(value: unknown): value is "allowed" | "refused" {
  return value === "allowed" || value === "refused";
}

function parseCategories(raw: Json, type: ValueType, where: string): Scalar[] | null {
  const categories = optionalList(raw, "categories", where) as Scalar[] | null;
  if (!categories) return null;
  if (categories.length === 0 || !categories.every((value) => type.fits(value)))
    throw malformed(`categories must be values of the dtype ${type.name}, at least one`, where);
  const twice = duplicate(categories);
  if (twice !== undefined) throw malformed(`duplicate category ${jsonText(twice)}`, where);
  if (categories.some((value) => isLonger(value, LONGEST_DESCRIPTION)))
    throw malformed(`a category has more than ${LONGEST_DESCRIPTION} characters`, where);
  return categories;
}

function parseNames(raw: Json, categories: readonly Scalar[] | null, where: string): string[] | null {
  const names = optionalList(raw, "category_names", where);
  if (!names) return null;
  if (names.length !== categories?.length)
    throw malformed("the number of category names differs from that of categories", where);
  if (!areDistinct(names)) throw malformed("category names must be non-empty, unique strings", where);
  if (names.some((name) => isLonger(name, LONGEST_TEXT)))
    throw malformed(`a category name has more than ${LONGEST_TEXT} characters`, where);
  return names;
}

/** The keys on how cells of text files are read. */
function cellKeys(raw: Json, type: ValueType, where: string): CellKeys {
  const keys = ["missing_as", "true_as", "false_as"] as const;
  const [missing_as, true_as, false_as] = keys.map((key) => optionalList(raw, key, where) as string[] | null);
  const lists = [missing_as, true_as, false_as].flatMap((part) => (part ? [part] : []));
  if (lists.some((part) => part.length > MAX_WORDS))
    throw malformed(`missing_as, true_as and false_as must have at most ${MAX_WORDS} words`, where);
  const words: unknown[] = lists.flat();
  if (words.some((word) => typeof word !== "string" || isLonger(word, MAX_WORD)))
    throw malformed(
      `missing_as, true_as and false_as must hold strings of at most ${MAX_WORD} characters`,
      where,
    );
  if (new Set(words).size !== words.length)
    throw malformed("a word occurs twice in missing_as, true_as and false_as", where);
  if ((true_as || false_as) && !type.hasWords)
    throw malformed(`a field of the dtype ${type.name} cannot have true_as or false_as`, where);
  const date_format = given(raw, "date_format", "");
  if (typeof date_format !== "string") throw malformed("date_format must be a string", where);
  if (date_format) {
    if (!type.hasDateFormat)
      throw malformed(`a field of the dtype ${type.name} cannot have date_format`, where);
    const problem = formatProblem(date_format, type.hasDays);
    if (problem) throw malformed(problem, where);
  }
  return { missing_as: missing_as!, true_as: true_as!, false_as: false_as!, date_format };
}

/** The bounds under a key as numbers of the graph; null where there are none. */
function pair(raw: Json, key: "range" | "observed", where: string): Bounds | null {
  const bounds = raw[key] ?? null;
  if (bounds === null) return null;
  const type = typeOf(raw, where);
  if (!type.hasRange) throw malformed(`a field of the dtype ${type.name} cannot have ${key}`, where);
  if (!Array.isArray(bounds) || bounds.length !== 2) throw malformed(`${key} must be a pair`, where);
  return (bounds as unknown[]).map((bound) => {
    const number = bound === null ? null : type.bound(bound);
    if (number === undefined) throw malformed(`the bounds of ${key} must be ${type.bounds}`, where);
    return number;
  }) as Bounds;
}

function checkOrder(bounds: Bounds | null, key: string, where: string): void {
  const [low, high] = bounds ?? [null, null];
  if (low !== null && high !== null && low > high)
    throw malformed(`the lower bound of ${key} is above the upper one`, where);
}
