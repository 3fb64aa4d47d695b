/** The container: a ZIP with exactly one spelling (spec/SEAL.md §1, §2). */
import { SealiftError } from "../errors";
import { crc32, equal } from "./bytes";

const MIB = 1 << 20;
const MAX_FILE = 2 ** 31 - 1;
const MAX_MEMBERS = 16;
/** The most bytes of all members but model.onnx together. */
const MOST_BESIDE_MODEL = 16 * MIB;
const LOCAL = 30;
const CENTRAL = 46;
const END = 22;
const ASK = "Ask its publisher for the original file; nothing of this one was used.";

/** The closed set of members, each with the most bytes it may have. */
export const LIMITS: ReadonlyMap<string, number> = new Map([
  ["card.md", 16 * MIB],
  ["contract.json", 16 * MIB],
  ["evidence.json", 16 * MIB],
  ["golden/examples.json", 16 * MIB],
  ["manifest.json", MIB],
  ["model.onnx", MAX_FILE],
  ["provenance.json", 16 * MIB],
  ["reference/background.json", 16 * MIB],
  ["reference/sketches.json", 16 * MIB],
  ["sbom.cdx.json", 16 * MIB],
  ["signature.json", MIB],
]);

interface Entry {
  name: string;
  size: number;
  crc: number;
  offset: number;
}

/**
 * The members as views into `file`. The headers are rebuilt from the names, sizes and checksums found and
 * compared byte by byte, so that whatever the writer would not have written is refused.
 */
export function unpack(file: Uint8Array): Map<string, Uint8Array> {
  if (file.length > MAX_FILE) throw tooMuch("the file is larger than 2 GiB");
  const entries = directory(file);
  const members = new Map<string, Uint8Array>();
  let offset = 0;
  for (const entry of entries) {
    if (entry.offset !== offset) throw damaged(`the member '${entry.name}' does not stand where it must`);
    const header = localHeader(entry);
    const start = offset + header.length;
    const end = start + entry.size;
    if (end > file.length) throw damaged("it ends in the middle of a member");
    const content = file.subarray(start, end);
    if (!equal(file.subarray(offset, start), header) || crc32(content) !== entry.crc) {
      throw damaged(`the member '${entry.name}' is not what its header says`);
    }
    members.set(entry.name, content);
    offset = end;
  }
  if (!equal(file.subarray(offset), tail(entries, offset)))
    throw damaged("its directory does not fit its members");
  return members;
}

/** What the central directory claims; believed only as far as the comparison above confirms it. */
function directory(file: Uint8Array): Entry[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < END || view.getUint32(0, true) !== 0x04034b50) {
    throw new SealiftError(
      "E201",
      "This is not a sealed file.",
      "",
      "Give a .seal file as written by `sealift pack`.",
    );
  }
  const at = file.length - END;
  if (view.getUint32(at, true) !== 0x06054b50)
    throw damaged("its end is missing; it may have been cut short on the way");
  const count = view.getUint16(at + 10, true);
  const start = view.getUint32(at + 16, true);
  if (count > MAX_MEMBERS) throw tooMuch(`it claims ${count} members, ${MAX_MEMBERS} are allowed`);
  if (start + view.getUint32(at + 12, true) + END !== file.length)
    throw damaged("its directory is not where its end says");
  const entries: Entry[] = [];
  let position = start;
  for (let i = 0; i < count; i++) {
    if (position + CENTRAL > at) throw damaged("its directory is cut short");
    const nameLength = view.getUint16(position + 28, true);
    const name = ascii(file.subarray(position + CENTRAL, position + CENTRAL + nameLength));
    const size = view.getUint32(position + 24, true);
    if (i > 0 && name <= entries[i - 1]!.name)
      throw damaged(`the member '${name}' stands twice or out of order`);
    const limit = LIMITS.get(name);
    if (limit === undefined) {
      throw new SealiftError(
        "E202",
        `The sealed file has a member '${name.slice(0, 80)}' that the format does not know.`,
        "",
        ASK,
      );
    }
    if (size > limit) throw tooMuch(`the member '${name}' has ${size} bytes, ${limit} are allowed`);
    entries.push({
      name,
      size,
      crc: view.getUint32(position + 16, true),
      offset: view.getUint32(position + 42, true),
    });
    position += CENTRAL + nameLength;
  }
  const beside = entries.reduce((sum, entry) => sum + (entry.name === "model.onnx" ? 0 : entry.size), 0);
  if (beside > MOST_BESIDE_MODEL)
    throw tooMuch(`its members beside the model have ${beside} bytes, ${MOST_BESIDE_MODEL} are allowed`);
  return entries;
}

function localHeader(entry: Entry): Uint8Array {
  const used = entry.offset + LOCAL + entry.name.length + 4;
  const padding = (64 - (used % 64)) % 64;
  const bytes = new Uint8Array(LOCAL + entry.name.length + 4 + padding);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x04034b50, true);
  common(view, 4, entry);
  view.setUint16(26, entry.name.length, true);
  view.setUint16(28, 4 + padding, true);
  write(bytes, LOCAL, entry.name);
  view.setUint16(LOCAL + entry.name.length, 0x5ea1, true);
  view.setUint16(LOCAL + entry.name.length + 2, padding, true);
  return bytes;
}

/** The central directory and the end record. */
function tail(entries: Entry[], offset: number): Uint8Array {
  const size = entries.reduce((sum, entry) => sum + CENTRAL + entry.name.length, 0);
  const bytes = new Uint8Array(size + END);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, 20, true);
    common(view, at + 6, entry);
    view.setUint16(at + 28, entry.name.length, true);
    view.setUint32(at + 42, entry.offset, true);
    write(bytes, at + CENTRAL, entry.name);
    at += CENTRAL + entry.name.length;
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, size, true);
  view.setUint32(at + 16, offset, true);
  return bytes;
}

/** The 22 bytes that both headers share: version, flags, method, time, date, CRC, sizes. */
function common(view: DataView, at: number, entry: Entry): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, 0x0800, true);
  view.setUint16(at + 8, 0x0021, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, entry.size, true);
  view.setUint32(at + 18, entry.size, true);
}

function write(bytes: Uint8Array, at: number, name: string): void {
  for (let i = 0; i < name.length; i++) bytes[at + i] = name.charCodeAt(i);
}

function ascii(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, 256)) text += String.fromCharCode(byte < 128 ? byte : 0xfffd);
  return text;
}

function damaged(reason: string): SealiftError {
  return new SealiftError("E202", `The sealed file is damaged: ${reason}.`, "", ASK);
}

export function tooMuch(reason: string): SealiftError {
  return new SealiftError(
    "E203",
    `The sealed file exceeds the format's limits: ${reason}.`,
    "",
    "See spec/SEAL.md §2 for the limits.",
  );
}
