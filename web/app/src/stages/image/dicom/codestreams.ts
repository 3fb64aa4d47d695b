/**
 * What a compressed frame says about itself, which is compared with the header before it is decoded, so that a damaged
 * frame cannot need more memory than the header permits (stages/image/dicom/codestreams.py).
 */
import { Bytes } from "../decode/bytes";
import { damaged, unsupported } from "../decode/picture";
import type { Codestream, Compressed } from "./codecs";
import type { Header } from "./header";

const FRAMES = {
  JPEG: [0xc0, 0xc1, 0xc2],
  "JPEG extended": [0xc0, 0xc1],
  "JPEG lossless": [0xc3],
  "JPEG-LS": [0xf7],
} as const;

interface Described extends Codestream {
  /** Whether the colours of JPEG 2000 are transformed, which its decoder undoes. */
  isTransformed: boolean;
  /** Whether all components have the same size and bits. */
  isUniform: boolean;
}

const wrongForm = () => damaged("damaged: its pixels do not have the form of its transfer syntax");
const noMarker = () => damaged("damaged: it has no marker where one must be");

/** The description of a frame that fits the header. Throws a Refusal. */
export function checkedCodestream(data: Uint8Array, coding: Compressed, header: Header): Codestream {
  const is2000 = coding === "JPEG 2000";
  const { isTransformed, isUniform, ...stream } = is2000 ? jpeg2000(data) : jpeg(data, FRAMES[coding]);
  const { samples, photometric, allocated } = header;
  if (stream.height !== header.height || stream.width !== header.width || stream.components !== samples)
    throw damaged("damaged: its picture differs from its header");
  if (!isUniform) throw unsupported(`a DICOM file whose ${coding} has components of different sizes`);
  if (stream.bits > allocated || (samples === 3 && stream.bits !== 8))
    throw unsupported(`a DICOM file of ${allocated} bits, whose picture has ${stream.bits}`);
  if (header.isSigned && !stream.isSigned && stream.bits < header.stored)
    throw unsupported(`a DICOM file whose picture has ${stream.bits} bits, too few for its sign`);
  if (is2000 && samples === 3 && isTransformed !== ["YBR_RCT", "YBR_ICT"].includes(photometric))
    throw unsupported("a DICOM file whose header and JPEG 2000 have different colours");
  return stream;
}

/** The bits of a sample of a JPEG that is not lossless. Throws a Refusal. */
export function precisionOf(data: Uint8Array): number {
  return jpeg(data, FRAMES.JPEG).bits;
}

/** Whether the three components of a JPEG are red, green and blue, by the rules of libjpeg. Throws a Refusal. */
export function isStoredAsRgb(data: Uint8Array): boolean {
  let [isJfif, adobe, names] = [false, null as number | null, ""];
  for (const [marker, content] of segments(data)) {
    const text = String.fromCharCode(...content.subarray(0, 5));
    if (marker === 0xe0 && text === "JFIF\0") isJfif = true;
    else if (marker === 0xee && text === "Adobe" && content.length >= 12) adobe = content[11]!;
    else if ([0xc0, 0xc1, 0xc2].includes(marker))
      names = String.fromCharCode(...[6, 9, 12].map((at) => content[at] ?? 0));
  }
  if (isJfif) return false;
  return adobe === null ? names === "RGB" : adobe === 0;
}

/** The markers of a JPEG and their contents, to the first scan. Throws a Refusal. */
function* segments(data: Uint8Array): Generator<[marker: number, content: Uint8Array]> {
  if (data[0] !== 0xff || data[1] !== 0xd8) throw wrongForm();
  const file = new Bytes(data);
  for (let at = 2; at + 4 <= data.length;) {
    if (data[at] !== 0xff) throw noMarker();
    const marker = data[at + 1]!;
    if (marker === 0xff || marker === 1 || (marker >= 0xd0 && marker <= 0xd9)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const length = file.u16(at + 2);
    if (length < 2) break;
    yield [marker, file.part(at + 4, length - 2)];
    if (marker === 0xda) return;
    at += 2 + length;
  }
  throw damaged("truncated");
}

/** The frame header of a JPEG or JPEG-LS. */
function jpeg(data: Uint8Array, frames: readonly number[]): Described {
  let stream: Described | null = null;
  for (const [marker, content] of segments(data)) {
    const isFrame =
      marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));
    if (!isFrame) continue;
    if (!frames.includes(marker) || stream)
      throw unsupported("a DICOM file whose JPEG is of another kind than its transfer syntax");
    const numbers = new Bytes(content);
    const components = numbers.u8(5);
    const factors = Array.from({ length: components }, (_, i) => numbers.u8(7 + 3 * i));
    numbers.part(0, 6 + 3 * components);
    stream = {
      ...{ bits: numbers.u8(0), height: numbers.u16(1), width: numbers.u16(3), components },
      ...{ isSigned: false, isTransformed: false, isUniform: new Set(factors).size <= 1 },
    };
  }
  if (!stream) throw damaged("damaged: it has no picture");
  if (endOf(data) < 0) throw damaged("truncated");
  return stream;
}

/** Where the marker at the end begins, after which there is only padding; -1 if there is none. */
function endOf(data: Uint8Array): number {
  let at = data.length - 2;
  while (at >= 0 && !(data[at] === 0xff && data[at + 1] === 0xd9)) at--;
  return at >= 0 && data.subarray(at + 2).every((byte) => byte === 0 || byte === 0xff) ? at : -1;
}

/** The main header of a JPEG 2000 codestream, whose tile parts must be complete (ITU-T T.800 Annex A). */
function jpeg2000(data: Uint8Array): Described {
  if (String.fromCharCode(...data.subarray(4, 8)) === "jP  ")
    throw unsupported("a DICOM file whose JPEG 2000 is a JP2 file, not a codestream");
  if (![0xff, 0x4f, 0xff, 0x51].every((byte, i) => data[i] === byte)) throw wrongForm();
  const end = endOf(data) + 2;
  const file = new Bytes(data.subarray(0, end));
  let stream: Described | null = null;
  let isTransformed = false;
  let at = 2;
  for (;;) {
    const [marker, length] = [file.u16(at), file.u16(at + 2)];
    if (marker === 0xff90) break;
    if (length < 2) throw noMarker();
    const content = file.part(at + 4, length - 2);
    if (marker === 0xff51) stream = sizeOf(new Bytes(content));
    else if (marker === 0xff52 && content.length >= 9) {
      isTransformed = content[4] !== 0;
      if (content[8]! & 0x40) throw unsupported("a DICOM file in high-throughput JPEG 2000");
    }
    at += 2 + length;
  }
  while (file.u16(at) !== 0xffd9) {
    if (file.u16(at) !== 0xff90) throw damaged("truncated");
    const length = file.u32(at + 6);
    at = length === 0 ? end - 2 : at + Math.max(length, 12);
  }
  if (!stream) throw damaged("damaged: it has no picture");
  return { ...stream, isTransformed };
}

/** The content of a SIZ marker. */
function sizeOf(content: Bytes): Described {
  const [right, bottom, left, top] = [2, 6, 10, 14].map((at) => content.u32(at));
  const components = content.u16(34);
  if (components < 1) throw damaged("truncated");
  const parts = content.part(36, 3 * components);
  const depth = parts[0]!;
  return {
    height: bottom! - top!,
    width: right! - left!,
    components,
    bits: (depth & 0x7f) + 1,
    isSigned: depth > 0x7f,
    isTransformed: false,
    isUniform: parts.every((value, i) => value === (i % 3 === 0 ? depth : 1)),
  };
}
