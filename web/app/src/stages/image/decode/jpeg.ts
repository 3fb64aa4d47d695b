/** Reads the header of a JPEG file (ITU-T T.81), and removes what a browser must not interpret. */
import { Bytes } from "./bytes";
import { chosen } from "./exif";
import { checkSize, damaged, unsupported, type Size } from "./picture";

export interface Jpeg extends Size {
  components: number;
  orientation: number;
  /** The file without EXIF, colour profiles and comments, so that nothing turns it or changes its colours. */
  plain: Uint8Array<ArrayBuffer>;
}

const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
/** Of the application segments, those that say how the components are stored: JFIF and Adobe. */
const KEPT = [0xe0, 0xee];
/** The markers of frames that browsers and Pillow decode: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2];
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

export function readJpeg(data: Uint8Array): Jpeg {
  const file = new Bytes(data);
  const parts: Uint8Array[] = [data.subarray(0, 2)];
  let frame: (Size & { components: number }) | null = null;
  let exif: Uint8Array | null = null;
  let xmp: Uint8Array | null = null;
  let at = 2;
  for (;;) {
    if (file.u8(at) !== 0xff) throw damaged("damaged: it has no marker where one must be");
    while (file.u8(at) === 0xff) at++;
    const marker = file.u8(at++);
    if (marker === 0xd9) break;
    const start = at - 2;
    const size = file.u16(at);
    const content = file.part(at + 2, size - 2);
    at += size;
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker)) {
      if (frame) throw unsupported("a JPEG of several frames");
      frame = readFrame(marker, new Bytes(content));
    }
    if (marker === 0xcc) throw unsupported("a JPEG with arithmetic coding");
    if (marker === 0xe1 && beginsWith(content, EXIF))
      exif = exif ? joined(exif, content.subarray(6)) : content;
    else if (marker === 0xe1 && beginsWith(content, XMP)) xmp = content.subarray(XMP.length);
    const isApplication = (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
    if (!isApplication || KEPT.includes(marker)) parts.push(data.subarray(start, at));
    if (marker === 0xda) {
      const end = afterScan(data, at);
      if (end < 0) throw damaged("truncated");
      parts.push(data.subarray(at, end));
      at = end;
    }
  }
  if (!frame || parts.length < 3) throw damaged("damaged: it has no picture");
  parts.push(Uint8Array.of(0xff, 0xd9));
  return { ...frame, orientation: chosen(exif, xmp), plain: joined(...parts) };
}

function readFrame(marker: number, content: Bytes): Size & { components: number } {
  if (!FRAMES.includes(marker)) throw unsupported("a lossless, hierarchical or arithmetic JPEG");
  const bits = content.u8(0);
  if (bits !== 8) throw unsupported(`a JPEG of ${bits} bits`);
  const [height, width, components] = [content.u16(1), content.u16(3), content.u8(5)];
  if (components === 4) throw unsupported("a JPEG in CMYK");
  if (components !== 1 && components !== 3) throw unsupported(`a JPEG of ${components} components`);
  checkSize({ width, height });
  return { width, height, components };
}

/** Where the next marker after the coded data at `at` begins, which is not a restart; -1 if there is none. */
function afterScan(data: Uint8Array, at: number): number {
  for (;;) {
    at = data.indexOf(0xff, at);
    if (at < 0 || at + 1 >= data.length) return -1;
    const next = data[at + 1]!;
    if (next === 0xff) at++;
    else if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at += 2;
    else return at;
  }
}

function beginsWith(content: Uint8Array, text: string): boolean {
  return content.length >= text.length && [...text].every((char, i) => content[i] === char.charCodeAt(0));
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}
