/** Inputs of a contract, and columns that the model ignores. */
import { isObject } from "../../seal/json";
import { CellReader, type CellKeys } from "../cells";
import type { Bounds, Field, Ignored, Scalar } from "../contract";
import { formatProblem } from "../dateFormat";
import { valueType, type ValueType } from "../types";
import { distinctTexts, given, list, LONGEST_DESCRIPTION, malformed, prose, scalar, text } from "./read";

const KEYS: readonly string[] = [
  ...["name", "dtype", "missing", "categories", "category_names", "unknown", "range", "observed", "typical"],
  ...["title", "description", "units", "personal", "missing_as", "true_as", "false_as", "date_format"],
];
const MAX_WORDS = 64;
const MAX_WORD = 128;

export function parseField(raw: unknown): Field {
  if (!isObject(raw) || typeof raw["name"] !== "string" || !raw["name"])
    throw malformed("an input has no name");
  if (!Object.keys(raw).every((key) => KEYS.includes(key))) throw malformed("a key of an input is not known");
  text(raw["name"], "inputs");
  const where = `input '${raw["name"].slice(0, 80)}'`;
  const type = valueType(raw["dtype"]);
  if (!type) throw malformed("the dtype is not known", where);
  const categories = parseCategories(raw["categories"], type, where);
  const names = raw["category_names"] == null ? null : distinctTexts(raw["category_names"], where);
  if (names && names.length !== categories?.length)
    throw malformed("there are not as many category names as categories", where);
  const typical = raw["typical"] == null ? null : scalar(raw["typical"], where);
  if (typical !== null && !type.fits(typical)) throw malformed("typical is not of the dtype", where);
  const personal = given(raw, "personal", false);
  if (typeof personal !== "boolean") throw malformed("personal is true or false", where);
  const keys = cellKeys(raw, type, where);
  return {
    name: raw["name"],
    type,
    date_format: keys.date_format,
    cells: new CellReader(type, keys),
    refusing: [],
    missing: policy(given(raw, "missing", "refused"), where),
    categories,
    category_names: names,
    known: categories && type.known(categories),
    unknown: policy(given(raw, "unknown", "allowed"), where),
    range: pair(raw["range"], type, where),
    observed: pair(raw["observed"], type, where),
    typical,
    title: prose(given(raw, "title", ""), where),
    description: prose(given(raw, "description", ""), where, LONGEST_DESCRIPTION),
    units: prose(given(raw, "units", ""), where),
    personal,
  };
}

export function parseIgnored(raw: unknown): Ignored {
  const { name, position, ...rest } = isObject(raw) ? raw : {};
  const isPlace = Number.isInteger(position) && (position as number) >= 0;
  if (typeof name !== "string" || !name || !isPlace || Object.keys(rest).length > 0)
    throw malformed("an ignored column is not a name and a position");
  return { name: text(name, "ignored"), position: position as number };
}

function parseCategories(raw: unknown, type: ValueType, where: string): Scalar[] | null {
  if (raw == null) return null;
  const categories = list(raw, "categories").map((value) => scalar(value, where));
  if (!type.hasCategories) throw malformed(`${type.name} has no categories`, where);
  if (categories.length === 0 || !categories.every((value) => type.fits(value)))
    throw malformed("categories must be values of the dtype, at least one", where);
  if (new Set(categories).size !== categories.length) throw malformed("a category stands twice", where);
  return categories;
}

/** How cells of text are read. */
function cellKeys(raw: Record<string, unknown>, type: ValueType, where: string): CellKeys {
  const words = (key: string): string[] | null => {
    if (raw[key] == null) return null;
    const listed = list(raw[key], where).map((word) => text(word, where));
    if (listed.length > MAX_WORDS || listed.some((word) => [...word].length > MAX_WORD))
      throw malformed(`${key} has more than ${MAX_WORDS} words, or a word is too long`, where);
    return listed;
  };
  const keys = {
    missing_as: words("missing_as"),
    true_as: words("true_as"),
    false_as: words("false_as"),
    date_format: text(given(raw, "date_format", ""), where),
  };
  const all = [keys.missing_as, keys.true_as, keys.false_as].flatMap((part) => part ?? []);
  if (new Set(all).size !== all.length)
    throw malformed("a word stands twice in missing_as, true_as and false_as", where);
  if ((keys.true_as || keys.false_as) && !type.hasWords)
    throw malformed("only booleans have true_as and false_as", where);
  if (keys.date_format) {
    const problem = type.hasDateFormat
      ? formatProblem(keys.date_format, type.hasDays)
      : "only dates have a date_format";
    if (problem) throw malformed(problem, where);
  }
  return keys;
}

function policy(value: unknown, where: string): "allowed" | "refused" {
  if (value === "allowed" || value === "refused") return value;
  throw malformed("missing and unknown are 'allowed' or 'refused'", where);
}

function pair(raw: unknown, type: ValueType, where: string): Bounds | null {
  if (raw == null) return null;
  if (!Array.isArray(raw) || raw.length !== 2) throw malformed("a range is not a pair", where);
  if (!type.hasRange) throw malformed(`${type.name} has no range`, where);
  const [low, high] = (raw as unknown[]).map((bound) => {
    const number = bound === null ? null : type.bound(bound);
    if (number === undefined) throw malformed(`a range is not made of ${type.bounds}`, where);
    return number;
  }) as Bounds;
  if (low !== null && high !== null && low > high) throw malformed("a range begins above its end", where);
  return [low, high];
}
