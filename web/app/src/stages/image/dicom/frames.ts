/** The stored values of a frame of a DICOM file. */
import { decode, type Picture } from "../decode";
import { damaged, Refusal, unsupported } from "../decode/picture";
import { codecs, type Codecs, type Codestream, type Compressed } from "./codecs";
import { checkedCodestream, isStoredAsRgb, precisionOf } from "./codestreams";
import { from422 } from "./colours";
import type { Dicom } from "./elements";
import type { Header } from "./header";
import { unrle } from "./rle";
import type { Values } from "./window";

/** A frame in JPEG of 8 bits, which is decoded as a picture file of its own; null for another coding. */
export async function decodedPicture(file: Dicom, header: Header, frame: number): Promise<Picture | null> {
  if (file.coding !== "JPEG" && file.coding !== "JPEG extended") return null;
  const data = frameData(file, header, frame);
  const bits = precisionOf(data);
  if (bits !== 8 && file.coding === "JPEG extended") return null;
  if (bits !== 8) throw unsupported(`a DICOM file in baseline JPEG of ${bits} bits`);
  const picture = await decode(new Uint8Array(data));
  const isGrey = picture.mode === "L";
  if (picture.width !== header.width || picture.height !== header.height || isGrey !== (header.samples === 1))
    throw damaged("damaged: its picture differs from its header");
  if (!isGrey && isStoredAsRgb(data) !== (header.photometric === "RGB"))
    throw unsupported("a DICOM file whose header and JPEG have different colours");
  return picture;
}

/** The stored values, row by row and pixel by pixel. Throws a Refusal. */
export async function storedValues(file: Dicom, header: Header, frame: number): Promise<Values> {
  const { samples, allocated } = header;
  if (file.coding === "raw") return significant(rawValues(file, header, frame), header);
  if (file.coding === "RLE") {
    const pixels = header.width * header.height;
    const raw = unrle(frameData(file, header, frame), pixels, samples, allocated >> 3);
    return significant(allocated === 8 ? raw : shorts(raw, true), header);
  }
  if (file.coding === "JPEG") throw new Error("a frame in JPEG is decoded as a picture");
  const data = frameData(file, header, frame);
  const stream = checkedCodestream(data, file.coding, header);
  return significant(await decodedBy(codecs(), file.coding, data, stream), header);
}

/** The decoders have a bundle and classes of their own, and refuse only data that are not valid. */
async function decodedBy(codecs: Codecs, coding: Compressed, data: Uint8Array, frame: Codestream) {
  try {
    return await codecs.decode(coding, data, frame);
  } catch (error) {
    throw new Refusal("damaged", error instanceof Error ? error.message : "is damaged");
  }
}

function rawValues(file: Dicom, header: Header, frame: number): Uint8Array | Uint16Array {
  const { samples, allocated, isPlanar } = header;
  const pixels = header.width * header.height;
  const isHalf = header.photometric === "YBR_FULL_422";
  if (isHalf && header.width % 2 === 1) throw unsupported("a DICOM file of YBR_FULL_422 with an odd width");
  const size = isHalf ? pixels * 2 : pixels * samples * (allocated >> 3);
  const all = file.isSwapped && allocated === 8 ? swapped(file.pixels) : file.pixels;
  const raw = all.subarray(frame * size, (frame + 1) * size);
  if (raw.length < size) throw damaged("truncated");
  if (isHalf) return from422(raw);
  if (isPlanar && samples === 3) return interleaved(raw, pixels);
  return allocated === 8 ? raw : shorts(raw, file.isLittle);
}

/** The bytes with each two of them exchanged. */
function swapped(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (_, i) => bytes[i ^ 1] ?? 0);
}

/** Bits above the stored ones may be those of an overlay; the sign is the highest bit that is stored. */
function significant(values: Uint8Array | Uint16Array | Int32Array, header: Header): Values {
  if (header.samples === 3) return values;
  const unused = 32 - header.stored;
  const made = header.isSigned ? new Int16Array(values.length) : new Uint16Array(values.length);
  for (let i = 0; i < made.length; i++)
    made[i] = header.isSigned ? (values[i]! << unused) >> unused : (values[i]! << unused) >>> unused;
  return made;
}

function shorts(raw: Uint8Array, isLittle: boolean): Uint16Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Uint16Array.from({ length: raw.length >> 1 }, (_, i) => view.getUint16(2 * i, isLittle));
}

function interleaved(planes: Uint8Array, pixels: number): Uint8Array {
  const made = new Uint8Array(planes.length);
  for (let i = 0; i < pixels; i++) for (let c = 0; c < 3; c++) made[3 * i + c] = planes[c * pixels + i]!;
  return made;
}

/** The compressed data of a frame. */
function frameData({ fragments, offsets }: Dicom, { frames }: Header, frame: number): Uint8Array {
  const parts = fragments ?? [];
  if (frames === 1) return joined(parts);
  if (parts.length === frames) return parts[frame]!;
  if (offsets.length !== frames) throw unsupported("a DICOM file that does not say where its frames begin");
  let at = 0;
  const own = parts.filter((part) => {
    const start = at;
    at += 8 + part.length;
    return start >= offsets[frame]! && start < (offsets[frame + 1] ?? Infinity);
  });
  return joined(own);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}
