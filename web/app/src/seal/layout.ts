/** The container: a ZIP with exactly one valid encoding (spec/SEAL.md §1, §2). */
import { SealiftError } from "../errors";
import { crc32, equal } from "./bytes";

const MIB = 1 << 20;
const MAX_FILE = 2 ** 40;
const MAX_MODEL = 2 ** 31 - 1; // of a message in Protocol Buffers
/** Prefixes of the members that are named by their digest: arrays of examples, data of stages, and weights. */
export const ARRAY = "arrays/";
export const BLOB = "blobs/";
export const WEIGHT = "weights/";
/** The maximum size of all members with arrays together. */
const MOST_IN_ARRAYS = 256 * MIB;
/** The maximum number of members with each prefix, and their maximum size in bytes. */
const FAMILIES: readonly (readonly [string, number, number])[] = [
  [ARRAY, 1024, MOST_IN_ARRAYS],
  [BLOB, 4096, 16 * MIB],
  [WEIGHT, 1024, MAX_FILE],
];
const BY_DIGEST = /^(arrays|blobs|weights)\/[0-9a-f]{64}$/;
/** The maximum size of all members together, except model.onnx, weights and arrays. */
const MOST_BESIDE_MODEL = 16 * MIB;
const LOCAL = 30;
const CENTRAL = 46;
const END = 22;
const END64 = 56;
const LOCATOR = 20;
/** From this value on, sizes and offsets are in ZIP64 fields, and the 32-bit field is MARK. */
const FAR = 0xffffffff;
const MARK = 0xffffffff;
const ASK = "Ask its publisher for the original file; nothing of this one was used.";

/** The members with fixed names, each with its maximum size in bytes. */
export const LIMITS: ReadonlyMap<string, number> = new Map([
  ["card.md", 16 * MIB],
  ["contract.json", 16 * MIB],
  ["evidence.json", MIB],
  ["golden/examples.json", 16 * MIB],
  ["manifest.json", MIB],
  ["model.onnx", MAX_MODEL],
  ["provenance.json", MIB],
  ["reference/background.json", 16 * MIB],
  ["reference/sketches.json", 16 * MIB],
  ["sbom.cdx.json", MIB],
  ["signature.json", MIB],
]);
const MAX_MEMBERS = FAMILIES.reduce((sum, [, count]) => sum + count, LIMITS.size);

/** The maximum size of a member in bytes; undefined for a name that is not permitted. */
export function limitOf(name: string): number | undefined {
  const family = BY_DIGEST.test(name) ? FAMILIES.find(([start]) => name.startsWith(start)) : undefined;
  return family?.[2] ?? LIMITS.get(name);
}

interface Entry {
  name: string;
  size: number;
  crc: number;
  offset: number;
}

/**
 * The members as views into `file`. The headers are built again from the names, sizes and checksums, and compared byte
 * by byte, so that only what a writer would write is accepted.
 */
export function unpack(file: Uint8Array, far = FAR): Map<string, Uint8Array> {
  if (file.length > MAX_FILE) throw tooMuch("the file is larger than 1 TiB");
  const entries = directory(file);
  const members = new Map<string, Uint8Array>();
  let offset = 0;
  for (const entry of entries) {
    if (entry.offset !== offset) throw damaged(`the member '${entry.name}' is not at its position`);
    const header = localHeader(entry, far);
    const start = offset + header.length;
    const end = start + entry.size;
    if (end > file.length) throw damaged("it ends in the middle of a member");
    const content = file.subarray(start, end);
    if (!equal(file.subarray(offset, start), header) || crc32(content) !== entry.crc) {
      throw damaged(`the member '${entry.name}' does not match its header`);
    }
    members.set(entry.name, content);
    offset = end;
  }
  if (!equal(file.subarray(offset), tail(entries, offset, far)))
    throw damaged("its directory does not match its members");
  return members;
}

/** The entries of the central directory, which are not trusted before the comparison above. */
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
    throw damaged("its end is missing; it may have been truncated");
  const count = view.getUint16(at + 10, true);
  let [start, size, behind] = [view.getUint32(at + 16, true), view.getUint32(at + 12, true), END];
  if (count > MAX_MEMBERS) throw tooMuch(`it claims ${count} members, ${MAX_MEMBERS} are allowed`);
  if (start === MARK) {
    behind += LOCATOR + END64;
    const record = file.length - behind;
    if (record < 0 || view.getUint32(record, true) !== 0x06064b50)
      throw damaged("its ZIP64 end record is missing");
    [start, size] = [uint64(view, record + 48), uint64(view, record + 40)];
  }
  if (start + size + behind !== file.length)
    throw damaged("its directory is not at the position in its end record");
  const entries: Entry[] = [];
  let position = start;
  for (let i = 0; i < count; i++) {
    if (position + CENTRAL > start + size) throw damaged("its directory is truncated");
    const nameLength = view.getUint16(position + 28, true);
    const name = ascii(file.subarray(position + CENTRAL, position + CENTRAL + nameLength));
    const extraLength = view.getUint16(position + 30, true);
    let [length, offset] = [view.getUint32(position + 24, true), view.getUint32(position + 42, true)];
    if (length === MARK || offset === MARK)
      [length, offset] = farOf(view, position + CENTRAL + nameLength, extraLength, length, offset);
    if (i > 0 && name <= entries[i - 1]!.name)
      throw damaged(`the member '${name}' is a duplicate or out of order`);
    const limit = limitOf(name);
    if (limit === undefined) {
      throw new SealiftError(
        "E202",
        `The sealed file has a member '${name.slice(0, 80)}' that the format does not know.`,
        "",
        ASK,
      );
    }
    if (length > limit) throw tooMuch(`the member '${name}' has ${length} bytes, ${limit} are allowed`);
    entries.push({ name, size: length, crc: view.getUint32(position + 16, true), offset });
    const isFar =
      view.getUint32(position + 24, true) === MARK || view.getUint32(position + 42, true) === MARK;
    position += CENTRAL + nameLength + (isFar ? extraLength : 0);
  }
  for (const [family, most] of FAMILIES) {
    const count = entries.filter(({ name }) => name.startsWith(family)).length;
    if (count > most) throw tooMuch(`it has ${count} members in ${family}, ${most} are allowed`);
  }
  const sizeOf = (isCounted: (name: string) => boolean) =>
    entries.reduce((sum, entry) => sum + (isCounted(entry.name) ? entry.size : 0), 0);
  const beside = sizeOf(
    (name) => name !== "model.onnx" && !name.startsWith(WEIGHT) && !name.startsWith(ARRAY),
  );
  if (beside > MOST_BESIDE_MODEL)
    throw tooMuch(`its members beside the model have ${beside} bytes, ${MOST_BESIDE_MODEL} are allowed`);
  const inArrays = sizeOf((name) => name.startsWith(ARRAY));
  if (inArrays > MOST_IN_ARRAYS)
    throw tooMuch(`its arrays of examples have ${inArrays} bytes, ${MOST_IN_ARRAYS} are allowed`);
  return entries;
}

function localHeader(entry: Entry, far: number): Uint8Array {
  const extra = entry.size >= far ? zip64([entry.size, entry.size]) : new Uint8Array(0);
  const used = entry.offset + LOCAL + entry.name.length + extra.length + 4;
  const padding = (64 - (used % 64)) % 64;
  const bytes = new Uint8Array(LOCAL + entry.name.length + extra.length + 4 + padding);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x04034b50, true);
  common(view, 4, entry, far);
  view.setUint16(26, entry.name.length, true);
  view.setUint16(28, extra.length + 4 + padding, true);
  write(bytes, LOCAL, entry.name);
  const at = LOCAL + entry.name.length;
  bytes.set(extra, at);
  view.setUint16(at + extra.length, 0x5ea1, true);
  view.setUint16(at + extra.length + 2, padding, true);
  return bytes;
}

/** The central directory and what follows it. */
function tail(entries: Entry[], offset: number, far: number): Uint8Array {
  const extras = entries.map((entry) => {
    const sizes = entry.size >= far ? [entry.size, entry.size] : [];
    const values = entry.offset >= far ? [...sizes, entry.offset] : sizes;
    return values.length > 0 ? zip64(values) : new Uint8Array(0);
  });
  const size = entries.reduce((sum, { name }, i) => sum + CENTRAL + name.length + extras[i]!.length, 0);
  const isFar = offset >= far;
  const bytes = new Uint8Array(size + END + (isFar ? END64 + LOCATOR : 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  entries.forEach((entry, i) => {
    const extra = extras[i]!;
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, versionOf(entry, far), true);
    common(view, at + 6, entry, far);
    view.setUint16(at + 28, entry.name.length, true);
    view.setUint16(at + 30, extra.length, true);
    view.setUint32(at + 42, entry.offset >= far ? MARK : entry.offset, true);
    write(bytes, at + CENTRAL, entry.name);
    bytes.set(extra, at + CENTRAL + entry.name.length);
    at += CENTRAL + entry.name.length + extra.length;
  });
  if (isFar) {
    view.setUint32(at, 0x06064b50, true);
    setUint64(view, at + 4, END64 - 12);
    view.setUint16(at + 12, 45, true);
    view.setUint16(at + 14, 45, true);
    setUint64(view, at + 24, entries.length);
    setUint64(view, at + 32, entries.length);
    setUint64(view, at + 40, size);
    setUint64(view, at + 48, offset);
    view.setUint32(at + END64, 0x07064b50, true);
    setUint64(view, at + END64 + 8, offset + size);
    view.setUint32(at + END64 + 16, 1, true);
    at += END64 + LOCATOR;
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, size, true);
  view.setUint32(at + 16, isFar ? MARK : offset, true);
  return bytes;
}

function zip64(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 8 * values.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1, true);
  view.setUint16(2, 8 * values.length, true);
  values.forEach((value, i) => setUint64(view, 4 + 8 * i, value));
  return bytes;
}

/** The size and offset of a member, from the ZIP64 field at `at` if there is one. */
function farOf(view: DataView, at: number, extra: number, size: number, offset: number): [number, number] {
  const count = (extra - 4) / 8;
  if (![1, 2, 3].includes(count) || at + extra > view.byteLength) return [size, offset];
  if (view.getUint16(at, true) !== 1 || view.getUint16(at + 2, true) !== 8 * count) return [size, offset];
  const values = Array.from({ length: count }, (_, i) => uint64(view, at + 4 + 8 * i));
  if (size === MARK) [size] = values.splice(0, 2) as [number];
  if (offset === MARK && values.length > 0) offset = values[0]!;
  return [size, offset];
}

function versionOf(entry: Entry, far: number): number {
  return Math.max(entry.size, entry.offset) >= far ? 45 : 20;
}

/** A number beyond 2⁵³ exceeds every limit, so that its exact value does not matter. */
function uint64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function setUint64(view: DataView, at: number, value: number): void {
  view.setBigUint64(at, BigInt(value), true);
}

/** The 22 bytes that both headers share: version, flags, method, time, date, CRC, sizes. */
function common(view: DataView, at: number, entry: Entry, far: number): void {
  const size = entry.size >= far ? MARK : entry.size;
  view.setUint16(at, versionOf(entry, far), true);
  view.setUint16(at + 2, 0x0800, true);
  view.setUint16(at + 8, 0x0021, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
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
    "`sealift docs spec/SEAL` lists the limits in §2.",
  );
}
