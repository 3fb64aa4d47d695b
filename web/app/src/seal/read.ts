/** Reads and checks a sealed file: structure, digests, JSON and graph are checked before anything is returned. */
import { isProvisional } from "../contract/capabilities";
import { SealiftError } from "../errors";
import { referenced } from "./arrays";
import { sha256 } from "./bytes";
import { checkGraph, type GraphInfo } from "./graph/walk";
import { canonical, isObject, MOST_CONTRACT, MOST_JSON, parseStrict, TooMany, type Marks } from "./json";
import { ARRAY, BLOB, tooMuch, unpack, WEIGHT } from "./layout";
import { readEnvelope, type Signatures } from "./signature";

export const FORMAT = 1;
const REQUIRED = [
  "card.md",
  "contract.json",
  "evidence.json",
  "golden/examples.json",
  "model.onnx",
  "provenance.json",
  "sbom.cdx.json",
];
const WITH_ROWS = ["golden/examples.json", "reference/background.json"];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/;
const PRINTABLE = /^[ -~]{1,256}$/;
const DOMAIN = /^[A-Za-z0-9._-]{0,128}$/;
const ASK = "Ask its publisher for the original file; nothing of this one was used.";

export interface Manifest {
  name: string;
  version: string;
  task: string;
  producer: string;
  opsets: Record<string, number>;
  members: Map<string, { sha256: string; size: number }>;
}

export interface Seal {
  manifest: Manifest;
  /** SHA-256 of the manifest's bytes: the model's identity. */
  identity: string;
  members: Map<string, Uint8Array>;
  /** Every JSON member but the signature, parsed. */
  json: Map<string, unknown>;
  card: string;
  /** The inputs, outputs and operator sets of the graph. */
  graph: GraphInfo;
  /** The signature in the file; who signed is not known until a key is given. */
  signed: Signatures | null;
  /** The marks of all JSON members together. */
  marks: Marks;
}

/** Throws a SealiftError (E201 to E205, E208, E502 for a signature made for another model), and nothing else. */
export async function readSeal(file: Uint8Array): Promise<Seal> {
  const members = unpack(file);
  const bytes = members.get("manifest.json");
  if (!bytes) throw new SealiftError("E202", "The sealed file has no manifest.", "", ASK);
  const manifest = parseManifest(bytes);
  await checkMembers(manifest, members);
  const identity = await sha256(bytes);
  const json = new Map<string, unknown>();
  let [card, signed, graph] = ["", null as Signatures | null, null as GraphInfo | null];
  const marks = { values: 0, keys: 0 };
  for (const [name, bytes] of members) {
    if (name === "manifest.json") continue;
    try {
      if (name === "signature.json") signed = readEnvelope(bytes, manifest, identity);
      else if (name.endsWith(".json")) {
        const value = parseStrict(bytes, marks, name === "contract.json" ? MOST_CONTRACT : MOST_JSON);
        if (name === "contract.json" && isProvisional(value)) throw provisional();
        json.set(name, value);
      } else if (name === "card.md") card = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      else if (name === "model.onnx") {
        graph = checkGraph(bytes, sizesOf(members));
        if (!sameOpsets(graph.opsets, manifest.opsets))
          throw malformed("manifest.json", "opsets differ from the operator sets of the graph");
      }
    } catch (error) {
      if (error instanceof SealiftError) throw error;
      if (error instanceof TooMany) throw tooMuch(`its JSON members hold ${error.message}`);
      throw malformed(name, error instanceof SyntaxError ? error.message : "it is not UTF-8");
    }
  }
  const named = new Set(WITH_ROWS.flatMap((name) => referenced(json.get(name))));
  for (const name of members.keys()) {
    if (name.startsWith(ARRAY) && !named.has(name))
      throw malformed(name, "no example or background row refers to it");
  }
  return { manifest, identity, members, json, card, graph: graph!, signed, marks };
}

function sizesOf(members: ReadonlyMap<string, Uint8Array>): Map<string, number> {
  const weights = [...members].filter(([name]) => name.startsWith(WEIGHT));
  return new Map(weights.map(([name, bytes]) => [name, bytes.length]));
}

/** The members that contain elements of the graph's constants. */
export function weightsOf(seal: Seal): Map<string, Uint8Array> {
  return new Map([...seal.members].filter(([name]) => name.startsWith(WEIGHT)));
}

/** The data of the contract's stages, parsed, by digest. Throws E203, E205. */
export function blobsOf(seal: Seal): Map<string, unknown> {
  const marks = { ...seal.marks };
  const blobs = new Map<string, unknown>();
  for (const [name, bytes] of seal.members) {
    if (!name.startsWith(BLOB)) continue;
    try {
      blobs.set(name.slice(BLOB.length), parseStrict(bytes, marks));
    } catch (error) {
      if (error instanceof TooMany) throw tooMuch(`its JSON members hold ${error.message}`);
      throw malformed(name, (error as Error).message);
    }
  }
  return blobs;
}

function sameOpsets(graph: ReadonlyMap<string, number>, listed: Readonly<Record<string, number>>): boolean {
  const entries = Object.entries(listed);
  return entries.length === graph.size && entries.every(([domain, version]) => graph.get(domain) === version);
}

/** A JSON member, parsed. */
export function jsonMember(seal: Seal, name: string): unknown {
  if (seal.json.has(name)) return seal.json.get(name);
  throw new SealiftError(
    "E205",
    `The sealed file has no member '${name}'.`,
    "",
    "Pack the model again with this version of Sealift.",
  );
}

async function checkMembers(manifest: Manifest, members: Map<string, Uint8Array>): Promise<void> {
  const present = new Set(
    [...members.keys()].filter((name) => name !== "manifest.json" && name !== "signature.json"),
  );
  for (const name of new Set([...REQUIRED, ...manifest.members.keys()])) {
    if (!present.has(name)) throw mismatch(`The member '${name}' is missing.`);
  }
  for (const name of present) {
    if (!manifest.members.has(name)) throw mismatch(`The member '${name}' is not in the manifest.`);
  }
  for (const [name, entry] of manifest.members) {
    const bytes = members.get(name)!;
    if (bytes.length !== entry.size || (await sha256(bytes)) !== entry.sha256) {
      throw mismatch(`The member '${name}' was changed after the file was sealed.`);
    }
    if ([ARRAY, BLOB, WEIGHT].some((start) => name.startsWith(start)) && name.split("/")[1] !== entry.sha256)
      throw mismatch(`The digest of the member '${name}' differs from its name.`);
  }
}

function parseManifest(bytes: Uint8Array): Manifest {
  let raw: unknown;
  try {
    raw = parseStrict(bytes);
  } catch (error) {
    throw malformed("manifest.json", (error as Error).message);
  }
  const bad = (reason: string) => malformed("manifest.json", reason);
  if (!isObject(raw)) throw bad("not an object");
  const format = raw["format"];
  if (typeof format === "number" && Number.isInteger(format) && format > FORMAT) {
    throw new SealiftError(
      "E204",
      `The file has format ${format}; this program reads up to format ${FORMAT}.`,
      "",
      "Make the page again with a newer Sealift.",
    );
  }
  if (canonical(raw) !== new TextDecoder().decode(bytes)) throw bad("not in canonical form");
  const keys = Object.keys(raw).sort().join(" ");
  if (keys !== "format members name opsets producer task version") throw bad("keys are missing or unknown");
  if (format !== FORMAT) throw bad("format is not 1");
  const { name, version, task, producer, opsets, members } = raw;
  for (const [text, form] of [
    [name, NAME],
    [version, VERSION],
    [task, PRINTABLE],
    [producer, PRINTABLE],
  ] as const) {
    if (typeof text !== "string" || !form.test(text))
      throw bad("name, version, task and producer must be short strings of the permitted characters");
  }
  const isVersion = (v: unknown) => Number.isInteger(v) && (v as number) > 0 && (v as number) < 1000;
  if (
    !isObject(opsets) ||
    !Object.entries(opsets).every(([domain, v]) => DOMAIN.test(domain) && isVersion(v))
  ) {
    throw bad("opsets must map domains to numbers");
  }
  if (!isObject(members)) throw bad("members must be an object");
  const listed = new Map<string, { sha256: string; size: number }>();
  for (const [member, entry] of Object.entries(members)) {
    if (!isObject(entry) || Object.keys(entry).sort().join(" ") !== "sha256 size")
      throw bad(`the entry of '${member.slice(0, 80)}' must be a digest and a size`);
    const { sha256: digest, size } = entry;
    if (typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest))
      throw bad(`the digest of '${member.slice(0, 80)}' is not a SHA-256`);
    if (!Number.isInteger(size) || (size as number) < 0 || Object.is(size, -0))
      throw bad(`the size of '${member.slice(0, 80)}' is not a number of bytes`);
    listed.set(member, { sha256: digest, size: size as number });
  }
  return {
    name: name as string,
    version: version as string,
    task: task as string,
    producer: producer as string,
    opsets: opsets as Record<string, number>,
    members: listed,
  };
}

function provisional(): SealiftError {
  return new SealiftError(
    "E211",
    "The file was made by a version of Sealift before format 1 was final, and can no longer be read.",
    "",
    "Pack the model again with this version of Sealift.",
  );
}

function mismatch(what: string): SealiftError {
  return new SealiftError(
    "E202",
    what,
    "",
    "Do not use this file; ask its publisher for the original. Nothing of it was used.",
  );
}

function malformed(member: string, reason: string): SealiftError {
  return new SealiftError("E205", `The member is malformed: ${reason}.`, member, ASK);
}
