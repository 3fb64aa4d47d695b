/** Reads the header of a WebP file, and removes what a browser must not interpret. */
import { Bytes } from "./bytes";
import { chosen } from "./exif";
import { checkSize, damaged, unsupported, type Size } from "./picture";

export interface Webp extends Size {
  orientation: number;
  /** Whether Pillow reads an animation with an alpha channel; the first frame is opaque nevertheless. */
  hasAlpha: boolean;
  /** The number of frames of an animation, else 1. */
  frames: number;
  /** The file with its first picture only: without EXIF and colour profile. */
  plain: Uint8Array<ArrayBuffer>;
}

const TRANSPARENT = 0x10;
/** The header of a frame in front of its chunks. */
const FRAME = 16;

interface Chunk {
  readonly name: string;
  readonly content: Bytes;
  /** The chunk with its name and length. */
  readonly whole: Uint8Array;
}

export function readWebp(data: Uint8Array): Webp {
  const file = new Bytes(data, true);
  const end = 8 + file.u32(4);
  if (end > file.size) throw damaged("truncated");
  const chunks = chunksOf(data, 12, end);
  const named = (name: string) => chunks.filter((chunk) => chunk.name === name);
  const animated = named("ANMF");
  const [extended] = named("VP8X");
  const isAnimated = animated.length > 0 || named("ANIM").length > 0;
  const picture = pictureOf(isAnimated ? framed(animated[0], extended) : chunks);
  const hasAlpha = isAnimated && (extended!.content.u8(0) & TRANSPARENT) > 0;
  checkSize(picture.size);
  const { whole } = picture;
  const plain = new Uint8Array(12 + whole.length + (whole.length & 1));
  plain.set(data.subarray(0, 12));
  plain.set(whole, 12);
  new DataView(plain.buffer).setUint32(4, plain.length - 8, true);
  const [exif, xmp] = [named("EXIF"), named("XMP ")].map((some) => some.at(-1)?.content.data ?? null);
  const frames = Math.max(animated.length, 1);
  return { ...picture.size, orientation: chosen(exif!, xmp!), hasAlpha, frames, plain };
}

function chunksOf(data: Uint8Array, start: number, end: number): Chunk[] {
  const file = new Bytes(data, true);
  const chunks: Chunk[] = [];
  for (let at = start; at + 8 <= end;) {
    const [name, length] = [file.text(at, 4), file.u32(at + 4)];
    const content = new Bytes(file.part(at + 8, length), true);
    chunks.push({ name, content, whole: data.subarray(at, at + 8 + length + (length & 1)) });
    at += 8 + length + (length & 1);
  }
  return chunks;
}

/** The chunks of the first frame of an animation, which must be the whole picture and opaque. */
function framed(frame: Chunk | undefined, extended: Chunk | undefined): Chunk[] {
  if (!frame || !extended) throw damaged("damaged: its animation has no frame");
  const { content } = frame;
  const canvas = [triple(extended.content, 4), triple(extended.content, 7)];
  const place = [0, 3, 6, 9].map((at) => triple(content, at));
  if (place[0] || place[1] || place[2] !== canvas[0] || place[3] !== canvas[1])
    throw unsupported("an animated WebP whose first frame is a part of the picture");
  const data = content.data;
  return chunksOf(data, FRAME, data.length);
}

/** A number of three bytes. */
const triple = (content: Bytes, at: number) => content.u16(at) | (content.u8(at + 2) << 16);

function pictureOf(chunks: readonly Chunk[]): { size: Size; whole: Uint8Array } {
  if (chunks.some(({ name }) => name === "ALPH")) throw unsupported("a WebP with transparency");
  const [picture, ...others] = chunks.filter(({ name }) => name === "VP8 " || name === "VP8L");
  if (!picture) throw damaged("damaged: it has no picture");
  if (others.length > 0) throw damaged("damaged: it has several pictures");
  const { name, content, whole } = picture;
  return { size: name === "VP8 " ? lossy(content) : lossless(content), whole };
}

function lossy(content: Bytes): Size {
  if (content.u8(3) !== 0x9d || content.u8(4) !== 1 || content.u8(5) !== 0x2a)
    throw damaged("damaged: its header is not valid");
  return { width: content.u16(6) & 0x3fff, height: content.u16(8) & 0x3fff };
}

function lossless(content: Bytes): Size {
  if (content.u8(0) !== 0x2f) throw damaged("damaged: its header is not valid");
  const bits = content.u32(1);
  if (bits & (1 << 28)) throw unsupported("a WebP with transparency");
  return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
}
