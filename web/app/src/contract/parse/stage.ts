/** Stages of a contract: their kind, field and data. Their parameters are checked where the stages are opened. */
import { isObject } from "../../seal/json";
import { stageType } from "../../stages";
import type { Field, Stage } from "../contract";
import { checkedKeys, jsonText, malformed } from "./read";

/** Data of stages, parsed, by digest. */
export type Blobs = ReadonlyMap<string, unknown>;

/** Reads stage `number`, and adds the digests that it refers to to `used`. */
export function parseStage(item: unknown, number: number, blobs: Blobs, used: Set<string>): Stage {
  const where = `stage ${number}`;
  const {
    stage: kind,
    fields,
    spec,
    data,
  } = checkedKeys(item, ["stage", "fields", "spec", "data"], [], where);
  const type = stageType(kind);
  if (!type) throw malformed(`the kind ${jsonText(kind)} is not known`, where);
  const [field, ...others] = Array.isArray(fields) ? (fields as unknown[]) : [];
  if (!Number.isInteger(field) || others.length > 0)
    throw malformed("fields must be a list with the index of one input", where);
  if (!isObject(spec) || !isObject(data)) throw malformed("spec and data must be objects", where);
  const isData = (key: string) => type.data.includes(key);
  if (!Object.keys(data).every(isData) || Object.keys(spec).some(isData))
    throw malformed(
      `the keys of data may be ${type.data.join(", ")}, and those of spec must be others`,
      where,
    );
  const referred = Object.entries(data).map(([key, digest]): [string, unknown] => {
    if (typeof digest !== "string" || !blobs.has(digest))
      throw malformed("it refers to data that the file does not contain", where);
    used.add(digest);
    return [key, blobs.get(digest)];
  });
  return { type, field: field as number, spec: { ...spec, ...Object.fromEntries(referred) } };
}

/** What the field of a stage must hold, for messages. */
const TAKEN = { text: "strings", stage: "pictures" };

/** Throws E106 for a stage whose field does not hold what the stage takes, and for a field that needs exactly one stage. */
export function checkFields(stages: readonly Stage[], inputs: readonly Field[]): void {
  stages.forEach(({ field, type }, number) => {
    if (inputs[field]?.type.feeds !== type.takes)
      throw malformed(`its field must hold ${TAKEN[type.takes]}`, `stage ${number}`);
  });
  inputs.forEach(({ name, type }, position) => {
    if (type.feeds === "stage" && stages.filter(({ field }) => field === position).length !== 1)
      throw malformed("a field of its dtype must have exactly one stage", `input ${jsonText(name)}`);
  });
}
