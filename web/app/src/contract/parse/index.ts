/** contract.json from an untrusted file to a Contract, or E106. */
import { isObject } from "../../seal/json";
import { Stages } from "../../stages";
import { checkRequired } from "../capabilities";
import { ABOUT, type Contract, type Task, type Tensor } from "../contract";
import { tensorsOf } from "../tensors";
import { kindOf } from "../outputs";
import { parseField, parseIgnored } from "./field";
import { checkAnswerColumns, parseHeadline, parseOutput } from "./output";
import { given, list, LONGEST_DESCRIPTION, malformed, prose, text } from "./read";
import { parseStage, type Blobs } from "./stage";

const KEYS: readonly string[] = [
  ...["inputs", "outputs", "task", "tensors", "requires", "stages", "ignored", "headline"],
  ...["title", "description", "about"],
];
/** The limits of spec/CONTRACT.md §1. */
const [MOST_INPUTS, MOST_IGNORED, MOST_OUTPUTS, MOST_STAGES] = [5 << 12, 1 << 16, 64, 1 << 12];
const TASKS: readonly Task[] = ["classification", "regression", "transformation", "clustering", "outliers"];

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
  const task = TASKS.find((known) => known === raw["task"]);
  if (!task) throw malformed("the task is not known");
  if (inputs.length === 0 || outputs.length === 0) throw malformed("there must be an input and an output");
  const ignored = list(given(raw, "ignored", []), "ignored columns", MOST_IGNORED).map(parseIgnored);
  const columns = inputs.length + ignored.length;
  if (ignored.some(({ position }, i) => position >= columns || position <= (ignored[i - 1]?.position ?? -1)))
    throw malformed("the positions of the ignored columns are not ascending places among all columns");
  for (const named of [[...inputs, ...ignored], outputs]) {
    if (new Set(named.map(({ name }) => name)).size !== named.length) throw malformed("a name stands twice");
  }
  checkAnswerColumns(outputs);
  const tensors = list(raw["tensors"], "tensors").map(parseTensor);
  const stages = list(given(raw, "stages", []), "stages", MOST_STAGES).map((stage) =>
    parseStage(stage, inputs, data, used),
  );
  if (JSON.stringify(tensors) !== JSON.stringify(tensorsOf(inputs, stages)))
    throw malformed("the tensors do not follow from the inputs");
  if (used.size !== data.size) throw malformed("the file holds data that no stage refers to");
  const parts = [
    ...inputs.map(({ type }) => type),
    ...stages.map(({ type }) => type),
    ...outputs.map(kindOf),
  ];
  const needed = new Set(parts.map(({ capability }) => capability).filter(Boolean));
  if (required.join(" ") !== [...needed].sort().join(" "))
    throw malformed("requires does not list the capabilities that the contract uses");
  for (const stage of Stages.refusing(stages).refusing) inputs[stage.field]!.refusing.push(stage);
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

/** The keys in the order in which `tensorsOf` has them. */
function parseTensor(raw: unknown): Tensor {
  if (!isObject(raw)) throw malformed("a tensor is not an object");
  const { name, dtype, shape, fields, ...rest } = raw;
  return { name, dtype, shape, fields, ...rest } as unknown as Tensor;
}

function parseAbout(raw: unknown): Contract["about"] {
  if (!isObject(raw) || !Object.keys(raw).every((key) => Object.hasOwn(ABOUT, key)))
    throw malformed(`about has other keys than ${Object.keys(ABOUT).join(", ")}`);
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [key, text(value, "about", LONGEST_DESCRIPTION)]),
  );
}
