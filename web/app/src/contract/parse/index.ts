/**
 * Reads contract.json from an untrusted file. The checks, their order and the messages are those of
 * contract/contract.py (spec/vectors/contracts.json).
 */
import { canonical, isObject } from "../../seal/json";
import { Stages } from "../../stages";
import { checkRequired } from "../capabilities";
import {
  ABOUT,
  type Contract,
  type Field,
  type Ignored,
  type Output,
  type Task,
  type Tensor,
} from "../contract";
import { kindOf } from "../outputs";
import { tensorsOf } from "../tensors";
import { parseField, parseIgnored } from "./field";
import { checkAnswerColumns, checkWidths, headlineOf, parseHeadline, parseOutput } from "./output";
import { checkedKeys, duplicate, given, jsonText, LONGEST_DESCRIPTION, malformed, prose, text } from "./read";
import { checkFields, parseStage, type Blobs } from "./stage";

const REQUIRED: readonly string[] = ["inputs", "outputs", "task", "tensors"];
const OPTIONAL: readonly string[] = [
  ...["requires", "stages", "ignored", "headline", "title", "description", "about"],
];
/** The maximum number of entries of each list (spec/CONTRACT.md §1). */
const MOST = { inputs: 5 << 12, outputs: 64, stages: 1 << 12, ignored: 1 << 16 };
const TASKS: readonly Task[] = [
  "classification",
  "regression",
  "transformation",
  "clustering",
  "outliers",
  "detection",
  "segmentation",
];

/**
 * Throws E107 for a contract that requires a capability that the page lacks, E106 for a malformed one.
 *
 * @param blobs returns the data of all stages by digest; called after `requires` was checked.
 */
export function parseContract(item: unknown, blobs: () => Blobs = () => new Map()): Contract {
  if (!isObject(item)) throw malformed("it must be an object");
  // First, because what a newer capability adds would otherwise be reported as malformed.
  const required = checkRequired(given(item, "requires", []));
  const data = blobs();
  const raw = checkedKeys(item, REQUIRED, OPTIONAL);
  const headline = headlineOf(raw["headline"]);
  const used = new Set<string>();
  const inputs = listOf(raw, "inputs").map(parseField);
  const outputs = listOf(raw, "outputs").map(parseOutput);
  const title = prose(given(raw, "title", ""), "the title");
  const description = prose(given(raw, "description", ""), "the description", "", LONGEST_DESCRIPTION);
  const stages = listOf(raw, "stages").map((stage, number) => parseStage(stage, number, data, used));
  const ignored = listOf(raw, "ignored").map(parseIgnored);
  const task = TASKS.find((known) => known === raw["task"]);
  if (!task) throw malformed(`the task ${jsonText(raw["task"])} is not known`);
  if (inputs.length === 0 || outputs.length === 0)
    throw malformed("there must be at least one input and one output");
  checkWidths(outputs);
  checkNames("input", [...inputs, ...ignored]);
  checkNames("output", outputs);
  checkPositions(ignored, inputs.length);
  checkAnswerColumns(outputs);
  const about = parseAbout(given(raw, "about", {}));
  checkFields(stages, inputs);
  const contract: Contract = {
    inputs,
    outputs,
    task,
    tensors: tensorsOf(inputs, stages),
    stages,
    ignored,
    headline: parseHeadline(headline, outputs),
    title,
    description,
    about,
  };
  checkDerived(raw, contract, required, data.size === used.size);
  for (const stage of Stages.refusing(stages).refusing) inputs[stage.field]!.refusing.push(stage);
  return contract;
}

function listOf(raw: Record<string, unknown>, key: keyof typeof MOST): unknown[] {
  const entries = given(raw, key, []);
  if (!Array.isArray(entries)) throw malformed(`${key} must be a list`);
  if (entries.length > MOST[key])
    throw malformed(`${key} has ${entries.length} entries; at most ${MOST[key]} are allowed`);
  return entries as unknown[];
}

function checkNames(kind: string, named: readonly (Field | Output | Ignored)[]): void {
  const twice = duplicate(named.map(({ name }) => name));
  if (twice !== undefined) throw malformed(`duplicate ${kind} ${jsonText(twice)}`);
}

function checkPositions(ignored: readonly Ignored[], inputs: number): void {
  const columns = inputs + ignored.length;
  if (ignored.some(({ position }, i) => position >= columns || position <= (ignored[i - 1]?.position ?? -1)))
    throw malformed("the positions of the ignored columns must be ascending indices of columns");
}

function parseAbout(raw: unknown): Contract["about"] {
  if (!isObject(raw) || !Object.keys(raw).every((key) => Object.hasOwn(ABOUT, key)))
    throw malformed(`about must be an object, whose keys may be ${Object.keys(ABOUT).join(", ")}`);
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [key, text(value, `${key} in about`, "", LONGEST_DESCRIPTION)]),
  );
}

/** Throws E106 unless `tensors` and `requires` are those that follow from the rest of the contract. */
function checkDerived(
  raw: Record<string, unknown>,
  { inputs, outputs, stages, tensors }: Contract,
  required: readonly string[],
  isUsed: boolean,
): void {
  if (canonical(raw["tensors"]) !== canonical(tensors satisfies Tensor[]))
    throw malformed("tensors must be those that follow from the inputs and stages");
  if (!isUsed) throw malformed("the file contains data that no stage refers to");
  const parts = [
    ...inputs.map(({ type }) => type),
    ...stages.map(({ type }) => type),
    ...outputs.map(kindOf),
  ];
  const needed = new Set(parts.map(({ capability }) => capability).filter(Boolean));
  if (required.join(" ") !== [...needed].sort().join(" "))
    throw malformed("requires must list exactly the capabilities that the contract uses");
}
