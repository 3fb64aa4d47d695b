/** Stages of a contract: their kind, field and data. What a stage says is read where it is run. */
import { isObject } from "../../seal/json";
import { stageType } from "../../stages";
import type { Field, Stage } from "../contract";
import { malformed } from "./read";

/** Data of stages, parsed, by digest. */
export type Blobs = ReadonlyMap<string, unknown>;

/** `used` takes the digests that the stage refers to. */
export function parseStage(raw: unknown, inputs: readonly Field[], blobs: Blobs, used: Set<string>): Stage {
  if (!isObject(raw) || Object.keys(raw).sort().join(" ") !== "data fields spec stage")
    throw malformed("a stage is not a kind, fields, a spec and data");
  const { stage: kind, fields, spec, data } = raw;
  const type = stageType(kind);
  if (!type) throw malformed("the kind of a stage is not known");
  const [field, ...others] = Array.isArray(fields) ? (fields as unknown[]) : [];
  if (typeof field !== "number" || others.length > 0 || inputs[field]?.type.feeds !== "text")
    throw malformed("a stage takes a field that is no text");
  if (!isObject(spec) || !isObject(data)) throw malformed("spec or data of a stage is not an object");
  const isData = (key: string) => type.data.includes(key);
  if (!Object.keys(data).every(isData) || Object.keys(spec).some(isData))
    throw malformed(`data of a stage holds ${type.data.join(", ")} and nothing else`);
  const referred = Object.entries(data).map(([key, digest]): [string, unknown] => {
    if (typeof digest !== "string" || !blobs.has(digest))
      throw malformed("a stage refers to data that the file does not hold");
    used.add(digest);
    return [key, blobs.get(digest)];
  });
  return { type, field, spec: { ...spec, ...Object.fromEntries(referred) } };
}
