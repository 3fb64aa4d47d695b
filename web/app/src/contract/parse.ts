/** contract.json from an untrusted file to a Contract, or E106. */
import { SealiftError } from "../errors";
import { asNumber, isObject } from "../seal/json";
import { isRefusing, readStage } from "../text/batch";
import { Tables } from "../text/tables";
import { checkRequired } from "./capabilities";
import { CellReader, type CellKeys } from "./cells";
import { formatProblem } from "./dateFormat";
import { withoutMarks } from "./marks";
import { isTime, microsOf } from "./moments";
import { isKind, kindOf } from "./outputs";
import {
  ABOUT,
  type Contract,
  type DType,
  type Field,
  type Ignored,
  type Output,
  type OutputKind,
  type Scalar,
  type Stage,
  type Tensor,
} from "./types";

const DTYPES: readonly string[] = ["float64", "float32", "int64", "bool", "string", "date", "datetime"];
const KEYS: readonly string[] = [
  "inputs",
  "outputs",
  "task",
  "tensors",
  "requires",
  "stages",
  "ignored",
  "headline",
  "title",
  "description",
  "about",
];
const MAX_WORDS = 64;
const MAX_WORD = 128;
const FIELD_KEYS: readonly string[] = [
  "name",
  "dtype",
  "missing",
  "categories",
  "category_names",
  "unknown",
  "range",
  "observed",
  "typical",
  "title",
  "description",
  "units",
  "personal",
  "missing_as",
  "true_as",
  "false_as",
  "date_format",
];
const OUTPUT_KEYS: readonly string[] = [
  "name",
  "kind",
  "title",
  "dtype",
  "width",
  "classes",
  "class_names",
  "columns",
  "units",
  "description",
];
/** The limits of spec/CONTRACT.md §1. */
const [MOST_INPUTS, MOST_IGNORED, MOST_OUTPUTS, MOST_STAGES, MOST_WIDTH] = [
  5 << 12,
  1 << 16,
  64,
  1 << 12,
  1 << 20,
];
const [LONGEST_TEXT, LONGEST_DESCRIPTION] = [1 << 12, 1 << 16];
/** The keys of a text stage whose values are members of their own, so that stages share them. */
const STAGE_DATA: readonly string[] = [
  "accents",
  "edits",
  "lower",
  "pattern",
  "space",
  "stop_words",
  "vocabulary",
];
const TASKS: readonly string[] = ["classification", "regression", "transformation", "clustering", "outliers"];

/** Data of stages, parsed, by digest. */
export type Blobs = ReadonlyMap<string, unknown>;

/** `blobs` gives the data of the stages by digest; it is asked after `requires` was looked at. */
export function parseContract(raw: unknown, blobs: () => Blobs = () => new Map()): Contract {
  if (!isObject(raw)) throw malformed("it is not an object");
  // First, because what a later capability brings along would otherwise be called malformed.
  const required = checkRequired(given(raw, "requires", []));
  const data = blobs();
  const used = new Set<string>();
  for (const key of Object.keys(raw)) {
    if (!KEYS.includes(key)) throw malformed(`the key '${key.slice(0, 80)}' is not known`);
  }
  const inputs = list(raw["inputs"], "inputs", MOST_INPUTS).map(parseField);
  const outputs = list(raw["outputs"], "outputs", MOST_OUTPUTS).map(parseOutput);
  if (outputs.reduce((sum, output) => sum + (output.width ?? 1), 0) > MOST_WIDTH)
    throw malformed(`the outputs have more than ${MOST_WIDTH} columns`);
  const task = text(raw["task"], "task");
  if (!TASKS.includes(task)) throw malformed(`the task '${task}' is not known`);
  if (inputs.length === 0 || outputs.length === 0) throw malformed("there must be an input and an output");
  const ignored = list(given(raw, "ignored", []), "ignored columns", MOST_IGNORED).map(parseIgnored);
  const namesIn = [...inputs, ...ignored].map((column) => column.name);
  if (
    ignored.some(
      ({ position }, i) => position >= namesIn.length || position <= (ignored[i - 1]?.position ?? -1),
    )
  )
    throw malformed("the positions of the ignored columns are not ascending places among all columns");
  for (const names of [namesIn, outputs.map((o) => o.name)]) {
    if (new Set(names).size !== names.length) throw malformed("a name stands twice");
  }
  checkAnswerColumns(outputs);
  const tensors = list(raw["tensors"], "tensors").map(parseTensor);
  const stages = list(given(raw, "stages", []), "stages", MOST_STAGES).map((stage) =>
    parseStage(stage, inputs, data, used),
  );
  if (JSON.stringify(tensors) !== JSON.stringify(tensorsOf(inputs, stages)))
    throw malformed("the tensors do not follow from the inputs");
  if (used.size !== data.size) throw malformed("the file holds data that no stage refers to");
  if (required.join(" ") !== (stages.length > 0 ? "stage:text/1" : ""))
    throw malformed("requires does not list the capabilities that the contract uses");
  const tables = new Tables();
  stages.forEach((stage, number) => {
    if (isRefusing(stage)) inputs[stage.field]!.refusing.push(readStage(stage, number, tables));
  });
  return {
    inputs,
    outputs,
    task,
    tensors,
    stages,
    ignored,
    headline: parseHeadline(raw["headline"], outputs),
    title: prose(given(raw, "title", ""), "title"),
    description: prose(given(raw, "description", ""), "description", LONGEST_DESCRIPTION),
    about: parseAbout(given(raw, "about", {})),
  };
}

function parseAbout(raw: unknown): Contract["about"] {
  if (!isObject(raw) || !Object.keys(raw).every((key) => Object.hasOwn(ABOUT, key)))
    throw malformed(`about has other keys than ${Object.keys(ABOUT).join(", ")}`);
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [key, text(value, "about", LONGEST_DESCRIPTION)]),
  );
}

/** Two outputs must not have a column of the same name in a table of answers. */
function checkAnswerColumns(outputs: Output[]): void {
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

function parseField(raw: unknown): Field {
  if (!isObject(raw) || typeof raw["name"] !== "string" || !raw["name"])
    throw malformed("an input has no name");
  if (!Object.keys(raw).every((key) => FIELD_KEYS.includes(key)))
    throw malformed("a key of an input is not known");
  text(raw["name"], "inputs");
  const where = `input '${raw["name"].slice(0, 80)}'`;
  const dtype = raw["dtype"];
  if (typeof dtype !== "string" || !DTYPES.includes(dtype)) throw malformed("the dtype is not known", where);
  const categories =
    raw["categories"] == null ? null : list(raw["categories"], "categories").map((v) => scalar(v, where));
  const names = raw["category_names"] == null ? null : distinctTexts(raw["category_names"], where);
  if (names && names.length !== categories?.length)
    throw malformed("there are not as many category names as categories", where);
  const typical = raw["typical"] == null ? null : scalar(raw["typical"], where);
  if (isTime(dtype) && categories) throw malformed("dates have no categories", where);
  if (typical !== null && !fits(typical, dtype)) throw malformed("typical is not of the dtype", where);
  if (categories && (categories.length === 0 || !categories.every((value) => fits(value, dtype))))
    throw malformed("categories must be values of the dtype, at least one", where);
  if (categories && new Set(categories).size !== categories.length)
    throw malformed("a category stands twice", where);
  const personal = given(raw, "personal", false);
  if (typeof personal !== "boolean") throw malformed("personal is true or false", where);
  const keys = cellKeys(raw, dtype, where);
  return {
    name: raw["name"],
    dtype: dtype as DType,
    date_format: keys.date_format,
    cells: new CellReader(dtype as DType, keys),
    refusing: [],
    missing: policy(given(raw, "missing", "refused"), where),
    categories,
    category_names: names,
    known: categories && knownValues(categories, dtype),
    unknown: policy(given(raw, "unknown", "allowed"), where),
    range: pair(raw["range"], where, dtype),
    observed: pair(raw["observed"], where, dtype),
    typical,
    title: prose(given(raw, "title", ""), where),
    description: prose(given(raw, "description", ""), where, LONGEST_DESCRIPTION),
    units: prose(given(raw, "units", ""), where),
    personal,
  };
}

/** How cells of text are read. */
function cellKeys(raw: Record<string, unknown>, dtype: string, where: string): CellKeys {
  const words = (key: string): string[] | null => {
    if (raw[key] == null) return null;
    const found = list(raw[key], where).map((word) => text(word, where));
    if (found.length > MAX_WORDS || found.some((word) => [...word].length > MAX_WORD))
      throw malformed(`${key} has more than ${MAX_WORDS} words, or a word is too long`, where);
    return found;
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
  if ((keys.true_as || keys.false_as) && dtype !== "bool")
    throw malformed("only booleans have true_as and false_as", where);
  const problem = keys.date_format && formatProblem(keys.date_format, dtype);
  if (problem) throw malformed(problem, where);
  return keys;
}

/** The categories as checked values, so that they can be looked up: booleans as 0 and 1, float32 also rounded. */
function knownValues(categories: Scalar[], dtype: string): Set<string | number> {
  const known = new Set(categories.map((value) => (typeof value === "boolean" ? Number(value) : value)));
  if (dtype === "float32") for (const value of [...known]) known.add(Math.fround(value as number));
  return known;
}

function parseOutput(raw: unknown): Output {
  if (!isObject(raw) || typeof raw["name"] !== "string" || !raw["name"])
    throw malformed("an output has no name");
  if (!Object.keys(raw).every((key) => OUTPUT_KEYS.includes(key)))
    throw malformed("a key of an output is not known");
  text(raw["name"], "outputs");
  const where = `output '${raw["name"].slice(0, 80)}'`;
  const { dtype, kind } = raw;
  if (!isKind(kind)) throw malformed("the kind is not known", where);
  if (dtype !== "float64" && dtype !== "int64" && dtype !== "bool" && dtype !== "string")
    throw malformed("the dtype is not known", where);
  if (!kindOf({ kind }).dtypes.includes(dtype))
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
    kind: kind as OutputKind,
    dtype,
    width: width as number | null,
    classes,
    class_names: names,
    columns,
    title: prose(given(raw, "title", ""), where),
    units: prose(given(raw, "units", ""), where),
    description: prose(given(raw, "description", ""), where, LONGEST_DESCRIPTION),
  };
}

function parseTensor(raw: unknown): Tensor {
  if (!isObject(raw)) throw malformed("a tensor is not an object");
  const { name, dtype, shape, fields, ...rest } = raw;
  return { name, dtype, shape, fields, ...rest } as unknown as Tensor;
}

/** The rest of a stage is read where it is run (text/stage.ts). */
function parseStage(raw: unknown, inputs: Field[], blobs: Blobs, used: Set<string>): Stage {
  if (!isObject(raw) || Object.keys(raw).sort().join(" ") !== "data fields spec stage")
    throw malformed("a stage is not a kind, fields, a spec and data");
  const { stage: kind, fields, spec, data } = raw;
  if (kind !== "text/1") throw malformed("the kind of a stage is not known");
  const [field, ...others] = Array.isArray(fields) ? (fields as unknown[]) : [];
  if (typeof field !== "number" || others.length > 0 || inputs[field]?.dtype !== "string")
    throw malformed("a stage takes a field that is no text");
  if (!isObject(spec) || !isObject(data)) throw malformed("spec or data of a stage is not an object");
  const isData = (key: string) => STAGE_DATA.includes(key);
  if (!Object.keys(data).every(isData) || Object.keys(spec).some(isData))
    throw malformed(`data of a stage holds ${STAGE_DATA.join(", ")} and nothing else`);
  const found = Object.entries(data).map(([key, digest]): [string, unknown] => {
    if (typeof digest !== "string" || !blobs.has(digest))
      throw malformed("a stage refers to data that the file does not hold");
    used.add(digest);
    return [key, blobs.get(digest)];
  });
  return { field, spec: { ...spec, ...Object.fromEntries(found) } };
}

function parseIgnored(raw: unknown): Ignored {
  const { name, position, ...rest } = isObject(raw) ? raw : {};
  const isPlace = Number.isInteger(position) && (position as number) >= 0;
  if (typeof name !== "string" || !name || !isPlace || Object.keys(rest).length > 0)
    throw malformed("an ignored column is not a name and a position");
  return { name: text(name, "ignored"), position: position as number };
}

/** How the graph is fed: numbers in one matrix, texts in another with a mask beside it, and what stages give. */
function tensorsOf(inputs: Field[], stages: Stage[]): Tensor[] {
  const indices = (text: boolean) => inputs.flatMap((f, i) => ((f.dtype === "string") === text ? [i] : []));
  const [numbers, texts] = [indices(false), indices(true)];
  const all: Tensor[] = [
    { name: "number", dtype: "float64", shape: ["rows", numbers.length], fields: numbers },
    { name: "text", dtype: "string", shape: ["rows", texts.length], fields: texts },
    { name: "text_missing", dtype: "bool", shape: ["rows", texts.length], fields: texts },
  ];
  const staged = stages.flatMap(({ field }, stage): Tensor[] => [
    { name: `terms${stage}`, dtype: "int64", shape: ["rows", `length${stage}`], fields: [field], stage },
    { name: `counts${stage}`, dtype: "float64", shape: ["rows", `length${stage}`], fields: [field], stage },
  ]);
  return [...all.filter((tensor) => tensor.fields.length > 0), ...staged];
}

function parseHeadline(raw: unknown, outputs: Output[]): Contract["headline"] {
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

/** The value under a key, or the default where the key is absent; null is a value. */
function given(raw: Record<string, unknown>, key: string, fallback: unknown): unknown {
  return Object.hasOwn(raw, key) ? raw[key] : fallback;
}

function list(raw: unknown, where: string, most = Infinity): unknown[] {
  if (!Array.isArray(raw)) throw malformed("a list is missing", where);
  if (raw.length > most) throw malformed(`it has ${raw.length} ${where}, ${most} are allowed`);
  return raw as unknown[];
}

/** Text for people alone, without the marks that turn the reading direction of what stands around it. */
function prose(raw: unknown, where: string, most = LONGEST_TEXT): string {
  return withoutMarks(text(raw, where, most));
}

function text(raw: unknown, where: string, most = LONGEST_TEXT): string {
  if (typeof raw !== "string") throw malformed("a text is missing", where);
  if (isLonger(raw, most)) throw malformed(`a text has more than ${most} characters`, where);
  return raw;
}

function distinctTexts(raw: unknown, where: string): string[] {
  const names = list(raw, where).map((name) => text(name, where));
  if (names.includes("") || new Set(names).size !== names.length)
    throw malformed("a name is empty or stands twice", where);
  return names;
}

/** Whether a text has more than `most` code points. */
function isLonger(value: string, most: number): boolean {
  return value.length > most && (value.length > 2 * most || [...value].length > most);
}

/** Whether a category or typical value is of the dtype. */
function fits(value: Scalar, dtype: string): boolean {
  if (dtype === "string") return typeof value === "string";
  if (dtype === "bool") return typeof value === "boolean";
  if (isTime(dtype)) return typeof value === "string" && microsOf(value, dtype) !== undefined;
  return typeof value === "number" && (dtype !== "int64" || Number.isSafeInteger(value));
}

function scalar(raw: unknown, where: string): Scalar {
  if (typeof raw === "string" && isLonger(raw, LONGEST_DESCRIPTION))
    throw malformed(`a value has more than ${LONGEST_DESCRIPTION} characters`, where);
  if (typeof raw === "string" || typeof raw === "boolean" || typeof raw === "number") return raw;
  throw malformed("a value is no text, number or boolean", where);
}

function policy(value: unknown, where: string): "allowed" | "refused" {
  if (value === "allowed" || value === "refused") return value;
  throw malformed("missing and unknown are 'allowed' or 'refused'", where);
}

function pair(raw: unknown, where: string, dtype: string): [number | null, number | null] | null {
  if (raw == null) return null;
  if (!Array.isArray(raw) || raw.length !== 2) throw malformed("a range is not a pair", where);
  if (dtype === "string") throw malformed("a text has no range", where);
  const [low, high] = (raw as unknown[]).map((bound) => {
    if (bound === null) return null;
    if (!isTime(dtype)) {
      const number = asNumber(bound);
      if (number === undefined || !Number.isFinite(number))
        throw malformed("a range is not made of numbers", where);
      return number;
    }
    const number = typeof bound === "string" ? microsOf(bound, dtype) : undefined;
    if (number === undefined) throw malformed("a range of dates is not made of dates", where);
    return number;
  });
  if (low != null && high != null && low > high) throw malformed("a range begins above its end", where);
  return [low ?? null, high ?? null];
}

function malformed(what: string, where = ""): SealiftError {
  return new SealiftError(
    "E106",
    `The contract is malformed: ${what}.`,
    where,
    "`sealift docs spec/CONTRACT` says in §1 what may stand there.",
  );
}
