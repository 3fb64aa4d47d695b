/** The signature: a DSSE envelope over an in-toto statement, Ed25519 (spec/SEAL.md §5). */
import { SealiftError } from "../errors";
import { equal, fromBase64, sha256 } from "./bytes";
import { isObject, parseStrict } from "./json";
import type { Seal } from "./read";

const TYPE = "application/vnd.in-toto+json";

export interface Signatures {
  /** The bytes that were signed: DSSE's pre-authentication encoding of the statement. */
  message: Uint8Array;
  entries: { keyid: string; value: Uint8Array }[];
}

/** The file's signatures, after checking that they speak of this very model; null where there are none. */
export function signatures(seal: Seal): Signatures | null {
  const bytes = seal.members.get("signature.json");
  if (!bytes) return null;
  let payload: Uint8Array;
  let statement: unknown;
  const entries: Signatures["entries"] = [];
  try {
    const envelope = parseStrict(bytes);
    if (!isObject(envelope) || envelope["payloadType"] !== TYPE || typeof envelope["payload"] !== "string") {
      throw new SyntaxError("it is not a DSSE envelope of an in-toto statement");
    }
    const listed = envelope["signatures"];
    if (!Array.isArray(listed) || listed.length > 64) throw new SyntaxError("it has no list of signatures");
    for (const entry of listed as unknown[]) {
      if (!isObject(entry) || typeof entry["keyid"] !== "string" || typeof entry["sig"] !== "string") {
        throw new SyntaxError("a signature lacks keyid or sig");
      }
      entries.push({ keyid: entry["keyid"], value: fromBase64(entry["sig"]) });
    }
    payload = fromBase64(envelope["payload"]);
    statement = parseStrict(payload);
  } catch (error) {
    throw new SealiftError("E205", `The signature is malformed: ${(error as Error).message}.`, "signature.json", "Ask its publisher for the original file.");
  }
  if (canonical(statement) !== canonical(expected(seal))) {
    throw new SealiftError("E502", "The signature was made for another model.", "signature.json", "Do not trust this file; ask its publisher for the original.");
  }
  return { message: encoding(payload), entries };
}

/** Whether the signature by `publicKey` (PEM, or 32 bytes in base64 or hexadecimal) is valid; the key's id. */
export async function verifyKey(found: Signatures, publicKey: string): Promise<string> {
  const raw = rawKey(publicKey);
  const id = await sha256(raw);
  const entry = found.entries.find((candidate) => candidate.keyid === id);
  if (!entry) {
    throw new SealiftError("E503", `The file is not signed by the key ${id.slice(0, 16)}….`, "", "Ask its publisher which key they sign with.");
  }
  let valid: boolean;
  try {
    const key = await crypto.subtle.importKey("raw", raw as Uint8Array<ArrayBuffer>, { name: "Ed25519" }, false, ["verify"]);
    valid = await crypto.subtle.verify({ name: "Ed25519" }, key, entry.value as Uint8Array<ArrayBuffer>, found.message as Uint8Array<ArrayBuffer>);
  } catch {
    throw new SealiftError("E501", "This browser cannot check Ed25519 signatures.", "", "Use `sealift verify --key` or a newer browser.");
  }
  if (!valid) {
    throw new SealiftError("E502", "The signature is not valid.", "signature.json", "Do not trust this file; ask its publisher for the original.");
  }
  return id;
}

const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

function rawKey(text: string): Uint8Array {
  const body = text.replace(/-----[A-Z ]+-----/g, "").replace(/\s+/g, "");
  try {
    if (/^[0-9a-fA-F]{64}$/.test(body)) return Uint8Array.from(body.match(/../g)!, (pair) => parseInt(pair, 16));
    const bytes = fromBase64(body);
    if (bytes.length === 32) return bytes;
    if (bytes.length === 44 && equal(bytes.subarray(0, 12), SPKI)) return bytes.subarray(12);
  } catch {
    // told below, together with keys of a wrong length
  }
  throw new SealiftError("E501", "This is not an Ed25519 public key.", "", "Paste the publisher's .pub file, from BEGIN to END.");
}

function expected(seal: Seal): unknown {
  const { name, version } = seal.manifest;
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: `${name}-${version}.seal`, digest: { sha256: seal.identity } }],
    predicateType: "urn:sealift:seal:1",
    predicate: { name, version },
  };
}

/** A comparable spelling: keys sorted. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

function encoding(payload: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

