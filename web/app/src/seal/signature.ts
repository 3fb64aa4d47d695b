/** The signature: a DSSE envelope over an in-toto statement, Ed25519 (spec/SEAL.md §5). */
import { SealiftError } from "../errors";
import { equal, fromBase64, sha256, toBase64 } from "./bytes";
import { canonical, isObject, parseStrict } from "./json";

const TYPE = "application/vnd.in-toto+json";

export interface Signatures {
  /** The bytes that were signed: DSSE's pre-authentication encoding of the statement. */
  message: Uint8Array;
  entries: { keyid: string; value: Uint8Array }[];
}

/** Reads the envelope, and checks that it is about this model. Throws SyntaxError if it is malformed. */
export function readEnvelope(
  bytes: Uint8Array,
  manifest: { name: string; version: string },
  identity: string,
): Signatures {
  const raw = parseStrict(bytes);
  if (!isObject(raw) || raw["payloadType"] !== TYPE || typeof raw["payload"] !== "string") {
    throw new SyntaxError("not a DSSE envelope of an in-toto statement");
  }
  const listed = raw["signatures"];
  if (!Array.isArray(listed) || listed.length < 1 || listed.length > 64)
    throw new SyntaxError("not a list of 1 to 64 signatures");
  const entries = (listed as unknown[]).map((entry) => {
    if (!isObject(entry) || typeof entry["keyid"] !== "string" || typeof entry["sig"] !== "string") {
      throw new SyntaxError("a signature must have keyid and sig");
    }
    const value = fromBase64(entry["sig"]);
    if (!/^[0-9a-f]{64}$/.test(entry["keyid"]) || value.length !== 64)
      throw new SyntaxError(
        "a keyid must be a SHA-256 in lower-case hexadecimal, and a signature 64 bytes long",
      );
    return { keyid: entry["keyid"], value };
  });
  if (entries.some((entry, i) => i > 0 && entry.keyid <= entries[i - 1]!.keyid))
    throw new SyntaxError("the keys are out of order");
  const payload = fromBase64(raw["payload"]);
  // Built again from the parsed parts, so that there is only one valid encoding.
  const rebuilt = canonical({
    payload: toBase64(payload),
    payloadType: TYPE,
    signatures: entries.map(({ keyid, value }) => ({ keyid, sig: toBase64(value) })),
  });
  if (!equal(new TextEncoder().encode(rebuilt), bytes)) throw new SyntaxError("not in canonical form");
  if (!equal(new TextEncoder().encode(canonical(statement(manifest, identity))), payload)) {
    throw new SealiftError(
      "E502",
      "The signature was made for another model.",
      "signature.json",
      "Do not trust this file; ask its publisher for the original.",
    );
  }
  return { message: encoding(payload), entries };
}

/** Whether the signature by `publicKey` (PEM, or 32 bytes in base64 or hexadecimal) is valid; the key's id. */
export async function verifyKey(signatures: Signatures, publicKey: string): Promise<string> {
  const raw = rawKey(publicKey);
  if (isWeak(raw)) {
    throw new SealiftError(
      "E501",
      "The public key has a small order or a non-canonical encoding, so anyone can sign for it.",
      "",
      "Ask its publisher which key they sign with.",
    );
  }
  const id = await sha256(raw);
  const entry = signatures.entries.find((candidate) => candidate.keyid === id);
  if (!entry) {
    throw new SealiftError(
      "E503",
      `The file is not signed by the key ${id.slice(0, 16)}….`,
      "",
      "Ask its publisher which key they sign with.",
    );
  }
  let valid: boolean;
  try {
    const key = await crypto.subtle.importKey(
      "raw",
      raw as Uint8Array<ArrayBuffer>,
      { name: "Ed25519" },
      false,
      ["verify"],
    );
    valid = await crypto.subtle.verify(
      { name: "Ed25519" },
      key,
      entry.value as Uint8Array<ArrayBuffer>,
      signatures.message as Uint8Array<ArrayBuffer>,
    );
  } catch {
    throw new SealiftError(
      "E501",
      "This browser cannot check Ed25519 signatures.",
      "",
      "Use `sealift verify page.html --key publisher.pub`, or a newer browser.",
    );
  }
  if (!valid) {
    throw new SealiftError(
      "E502",
      "The signature is not valid.",
      "signature.json",
      "Do not trust this file; ask its publisher for the original.",
    );
  }
  return id;
}

const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

const PRIME = 2n ** 255n - 19n;
/** The y coordinate of the points of order 8 (RFC 8032 §5.1). */
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL = [0n, 1n, PRIME - 1n, ORDER_8, PRIME - ORDER_8];

/** Whether a key has a small order or is a non-canonical encoding (spec/SEAL.md §5), so that anyone can sign for it. */
export function isWeak(key: Uint8Array): boolean {
  let y = 0n;
  for (let i = 31; i >= 0; i--) y = (y << 8n) | BigInt(i === 31 ? key[i]! & 0x7f : key[i]!);
  return y >= PRIME || SMALL.includes(y);
}

function rawKey(text: string): Uint8Array {
  const body = text.replace(/-----[A-Z ]+-----/g, "").replace(/\s+/g, "");
  try {
    if (/^[0-9a-fA-F]{64}$/.test(body))
      return Uint8Array.from(body.match(/../g)!, (pair) => parseInt(pair, 16));
    const bytes = fromBase64(body);
    if (bytes.length === 32) return bytes;
    if (bytes.length === 44 && equal(bytes.subarray(0, 12), SPKI)) return bytes.subarray(12);
  } catch {
    // reported below, together with keys of a wrong length
  }
  throw new SealiftError(
    "E501",
    "This is not an Ed25519 public key.",
    "",
    "Paste the publisher's .pub file, from BEGIN to END.",
  );
}

function statement({ name, version }: { name: string; version: string }, identity: string): unknown {
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: `${name}-${version}.seal`, digest: { sha256: identity } }],
    predicateType: "urn:sealift:seal:1",
    predicate: { name, version },
  };
}

function encoding(payload: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}
