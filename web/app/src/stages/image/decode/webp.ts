/** Reads the header of a WebP file, and removes what a browser must not interpret. */
import { Bytes } from "./bytes";
import { chosen } from "./exif";
import { checkSize, damaged, unsupported, type Size } from "./picture";

export interface Webp extends Size {
  orientation: number;
  /** The file with its picture only: without EXIF and colour profile. */
  plain: Uint8Array<ArrayBuffer>;
}

export function readWebp(data: Uint8Array): Webp {
  const file = new Bytes(data, true);
  const end = 8 + file.u32(4);
  if (end > file.size) throw damaged("truncated");
  let exif: Uint8Array | null = null;
  let xmp: Uint8Array | null = null;
  let picture: Uint8Array | null = null;
  let size: Size | null = null;
  for (let at = 12; at + 8 <= end;) {
    const [name, length] = [file.text(at, 4), file.u32(at + 4)];
    const content = file.part(at + 8, length);
    if (name === "ANIM" || name === "ANMF") throw unsupported("an animated WebP");
    if (name === "ALPH") throw unsupported("a WebP with transparency");
    if (name === "EXIF") exif = content;
    if (name === "XMP ") xmp = content;
    if (name === "VP8 " || name === "VP8L") {
      if (picture) throw damaged("damaged: it has several pictures");
      picture = data.subarray(at, at + 8 + length + (length & 1));
      size = name === "VP8 " ? lossy(new Bytes(content, true)) : lossless(new Bytes(content, true));
    }
    at += 8 + length + (length & 1);
  }
  if (!picture || !size) throw damaged("damaged: it has no picture");
  checkSize(size);
  const plain = new Uint8Array(12 + picture.length + (picture.length & 1));
  plain.set(data.subarray(0, 12));
  plain.set(picture, 12);
  new DataView(plain.buffer).setUint32(4, plain.length - 8, true);
  return { ...size, orientation: chosen(exif, xmp), plain };
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
