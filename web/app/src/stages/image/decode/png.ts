/** Decodes PNG (ISO/IEC 15948), of any depth, with alpha and interlaced. */
import { Bytes } from "./bytes";
import { chosen } from "./exif";
import { inflated } from "./inflate";
import { checkSize, damaged, unsupported, type Mode, type Picture } from "./picture";
import { unpacked, widened } from "./unpack";

/** For depth and colour type, the mode that Pillow opens it as. */
const MODES: Readonly<Record<string, Mode>> = {
  ...{ "1,0": "1", "2,0": "L", "4,0": "L", "8,0": "L", "16,0": "I;16", "8,2": "RGB", "16,2": "RGB" },
  ...{ "1,3": "P", "2,3": "P", "4,3": "P", "8,3": "P", "8,4": "LA", "16,4": "RGBA", "8,6": "RGBA" },
  "16,6": "RGBA",
};
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** The first column and row of each pass of an interlaced picture, and the steps. */
const PASSES = [
  ...[[0, 0, 8, 8] as const, [4, 0, 8, 8] as const, [0, 4, 4, 8] as const, [2, 0, 4, 4] as const],
  ...[[0, 2, 2, 4] as const, [1, 0, 2, 2] as const, [0, 1, 1, 2] as const],
];

interface Header {
  width: number;
  height: number;
  depth: number;
  samples: number;
  mode: Mode;
  isInterlaced: boolean;
}

interface Chunks {
  header: Header;
  palette: Uint8Array;
  transparency: Uint8Array | null;
  exif: Uint8Array | null;
  xmp: Uint8Array | null;
  frames: number;
  compressed: Uint8Array;
}

export function decodePng(data: Uint8Array): Picture {
  const chunks = readChunks(new Bytes(data));
  const { header } = chunks;
  const { width, height, depth, samples, mode } = header;
  const passes = header.isInterlaced ? PASSES : [[0, 0, 1, 1] as const];
  const sizes = passes.map(([x, y, dx, dy]) => ({
    width: Math.ceil((width - x) / dx),
    height: Math.ceil((height - y) / dy),
  }));
  const strides = sizes.map((size) => Math.ceil((size.width * samples * depth) / 8));
  const lengths = sizes.map((size, i) => (size.width > 0 ? size.height * (strides[i]! + 1) : 0));
  const raw = inflated(
    chunks.compressed,
    lengths.reduce((sum, one) => sum + one, 0),
  );
  // Each sample as a byte, or as two of which the first is the higher one.
  const bytes = samples * (depth === 16 ? 2 : 1);
  let all = new Uint8Array(header.isInterlaced ? width * height * bytes : 0);
  let at = 0;
  for (const [i, [x0, y0, dx, dy]] of passes.entries()) {
    if (lengths[i] === 0) continue;
    const size = sizes[i]!;
    const lines = unfiltered(raw.subarray(at, at + lengths[i]!), size.height, strides[i]!, samples * depth);
    at += lengths[i]!;
    const pixels = depth < 8 ? unpacked(lines, size.width, size.height, depth) : lines;
    if (!header.isInterlaced) all = pixels as Uint8Array<ArrayBuffer>;
    else
      for (let y = 0; y < size.height; y++)
        for (let x = 0; x < size.width; x++) {
          const from = (y * size.width + x) * bytes;
          const to = ((y0 + y * dy) * width + x0 + x * dx) * bytes;
          for (let b = 0; b < bytes; b++) all[to + b] = pixels[from + b]!;
        }
  }
  return {
    format: "PNG",
    width,
    height,
    mode,
    data: toMode(all, header),
    ...(mode === "P" ? { palette: chunks.palette } : {}),
    ...transparencyOf(chunks),
    orientation: chosen(chunks.exif, chunks.xmp),
    frames: chunks.frames,
  };
}

function readChunks(file: Bytes): Chunks {
  let header: Header | null = null;
  let palette: Uint8Array = new Uint8Array();
  let transparency: Uint8Array | null = null;
  let exif: Uint8Array | null = null;
  let xmp: Uint8Array | null = null;
  const parts: Uint8Array[] = [];
  let [frames, isEnded] = [1, false];
  for (let at = 8; !isEnded;) {
    // A file without its last chunk has all of its picture, if the compressed data are complete.
    if (parts.length > 0 && at + 8 > file.size) break;
    const [size, name] = [file.u32(at), file.text(at + 4, 4)];
    const isTruncated = at + 8 + size > file.size;
    const content = isTruncated && name === "IDAT" ? file.data.subarray(at + 8) : file.part(at + 8, size);
    at += 12 + size;
    if (name === "IDAT") parts.push(content);
    else if (parts.length > 0 && name !== "IEND" && name !== "eXIf") continue;
    else if (name === "IHDR") header = readHeader(new Bytes(content));
    else if (name === "PLTE") palette = content;
    else if (name === "tRNS") transparency = content;
    else if (name === "eXIf") exif = content;
    else if (name === "iTXt") xmp = xmpOf(content) ?? xmp;
    else if (name === "acTL") frames = Math.max(1, new Bytes(content).u32(0));
    else if (name === "fcTL") checkFrame(new Bytes(content), header);
    else if (name === "IEND") isEnded = true;
  }
  if (!header) throw damaged("damaged: it has no header");
  if (parts.length === 0) throw damaged("damaged: it has no image data");
  return { header, palette, transparency, exif, xmp, frames, compressed: joined(parts) };
}

function readHeader(content: Bytes): Header {
  const [width, height, depth, colour] = [content.u32(0), content.u32(4), content.u8(8), content.u8(9)];
  const mode = MODES[`${depth},${colour}`];
  if (!mode || content.u8(10) !== 0 || content.u8(11) !== 0)
    throw damaged("damaged: its header is not valid");
  checkSize({ width, height });
  return { width, height, depth, samples: SAMPLES[colour]!, mode, isInterlaced: content.u8(12) !== 0 };
}

/** Refuses an animation whose first frame is a part of the picture: Pillow shows nothing in the rest. */
function checkFrame(content: Bytes, header: Header | null): void {
  const isWhole = content.u32(4) === header?.width && content.u32(8) === header.height;
  if (!isWhole || content.u32(12) !== 0 || content.u32(16) !== 0)
    throw unsupported("an animated PNG whose first frame is a part of the picture");
}

/** XMP in a text chunk without compression. */
function xmpOf(content: Uint8Array): Uint8Array | null {
  const name = "XML:com.adobe.xmp\0\0\0";
  if (String.fromCharCode(...content.subarray(0, name.length)) !== name) return null;
  return content.subarray(name.length);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}

/** Reverses the filters of rows, each of which begins with the number of its filter. */
function unfiltered(raw: Uint8Array, height: number, stride: number, bits: number): Uint8Array {
  const made = new Uint8Array(height * stride);
  const back = Math.max(1, bits >> 3);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    const line = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    const [start, above] = [y * stride, y === 0 ? null : (y - 1) * stride];
    if (filter > 4) throw damaged("damaged: it has an unknown filter");
    for (let x = 0; x < stride; x++) {
      const a = x >= back ? made[start + x - back]! : 0;
      const b = above === null ? 0 : made[above + x]!;
      const c = x >= back && above !== null ? made[above + x - back]! : 0;
      const guess =
        filter === 0 ? 0 : filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : paeth(a, b, c);
      made[start + x] = line[x]! + guess;
    }
  }
  return made;
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** The samples as levels of the mode. Pillow takes the higher byte of 16 bits, except for grey without alpha. */
function toMode(raw: Uint8Array, { depth, samples, mode }: Header): Picture["data"] {
  if (depth < 8) return mode === "P" ? raw : widened(raw, depth);
  if (depth === 8) return raw;
  const high = (at: number) => raw[2 * at]!;
  const count = raw.length / 2;
  if (mode === "I;16") return Uint16Array.from({ length: count }, (_, i) => (high(i) << 8) | raw[2 * i + 1]!);
  if (samples === 2)
    return Uint8Array.from({ length: 2 * count }, (_, i) => high(2 * (i >> 2) + ((i & 3) === 3 ? 1 : 0)));
  return Uint8Array.from({ length: count }, (_, i) => high(i));
}

function transparencyOf({ header, transparency }: Chunks): Pick<Picture, "transparency"> {
  if (!transparency) return {};
  const content = new Bytes(transparency);
  switch (header.mode) {
    case "P":
      return { transparency };
    case "1":
      return { transparency: content.u16(0) ? 255 : 0 };
    case "L":
    case "I;16":
      return { transparency: content.u16(0) };
    case "RGB":
      return { transparency: [content.u16(0), content.u16(2), content.u16(4)] };
    default:
      return {};
  }
}
