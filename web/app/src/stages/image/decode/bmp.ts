/** Decodes BMP files of Windows and OS/2, as Pillow does. */
import { Bytes } from "./bytes";
import { checkSize, damaged, unsupported, type Picture } from "./picture";
import { unpacked } from "./unpack";

const HEADERS = [12, 40, 52, 56, 64, 108, 124];
const [RAW, RLE8, RLE4, BITFIELDS] = [0, 1, 2, 3];
/** For the number of bits and the masks in hexadecimal, where the bytes of red, green, blue and alpha are. */
const LAYOUTS: Readonly<Record<string, readonly number[]>> = {
  "24:": [2, 1, 0],
  "32:": [2, 1, 0],
  "24:ff0000,ff00,ff": [2, 1, 0],
  "32:ff0000,ff00,ff,0": [2, 1, 0],
  "32:ff000000,ff0000,ff00,0": [3, 2, 1],
  "32:ff000000,ff00,ff,0": [3, 1, 0],
  "32:ff000000,ff0000,ff00,ff": [3, 2, 1, 0],
  "32:ff,ff00,ff0000,ff000000": [0, 1, 2, 3],
  "32:ff0000,ff00,ff,ff000000": [2, 1, 0, 3],
  "32:ff000000,ff00,ff,ff0000": [3, 1, 0, 2],
  "32:0,0,0,0": [2, 1, 0, 3],
};

interface Header {
  width: number;
  height: number;
  isDownward: boolean;
  bits: number;
  compression: number;
  masks: string;
  /** Where the palette is, the number of its colours, and the bytes of each. */
  palette: { at: number; count: number; bytes: number };
  offset: number;
}

export function decodeBmp(data: Uint8Array): Picture {
  const file = new Bytes(data, true);
  const header = readHeader(file);
  const { width, height, bits, compression } = header;
  const base = { format: "BMP", width, height, orientation: 1, frames: 1 };
  if (bits > 8) {
    const layout = LAYOUTS[`${bits}:${header.masks}`];
    if (bits === 16) return { ...base, mode: "RGB", data: sixteen(file, header) };
    if (!layout) throw unsupported("a BMP with unusual masks of colours");
    const mode = layout.length === 4 ? "RGBA" : "RGB";
    return { ...base, mode, data: coloured(file, header, layout) };
  }
  const { palette, isGrey } = readPalette(file, header);
  const positions = compression === RAW ? packed(file, header) : runs(file, header, compression === RLE4);
  if (!isGrey) return { ...base, mode: "P", data: positions, palette };
  // Pillow ignores a palette that is a scale of grey. Levels of fewer than 8 bits are then left as they are.
  if (header.palette.count <= 2)
    return { ...base, mode: "1", data: positions.map((position) => (position ? 255 : 0)) };
  return { ...base, mode: "L", data: positions };
}

function readHeader(file: Bytes): Header {
  const size = file.u32(14);
  if (!HEADERS.includes(size)) throw unsupported("a BMP with an unknown kind of header");
  const offset = file.u32(10);
  if (size === 12) {
    const [width, height, bits] = [file.u16(18), file.u16(20), file.u16(24)];
    checkSize({ width, height });
    checkBits(bits);
    const palette = { at: 26, count: 1 << bits, bytes: 3 };
    return { width, height, isDownward: false, bits, compression: RAW!, masks: "", palette, offset };
  }
  const [width, signed, bits, compression] = [file.i32(18), file.i32(22), file.u16(28), file.u32(30)];
  const height = Math.abs(signed);
  checkSize({ width, height });
  checkBits(bits);
  if (
    compression > BITFIELDS! ||
    (compression === RLE8 && bits !== 8) ||
    (compression === RLE4 && bits !== 4)
  )
    throw unsupported("a BMP with an unusual compression");
  let masks: string[] = [];
  let end = 14 + size;
  if (compression === BITFIELDS) {
    const count = bits === 32 && size >= 56 ? 4 : 3;
    masks = Array.from({ length: count }, (_, i) => file.u32(54 + 4 * i).toString(16));
    if (bits === 32 && count === 3) masks.push("0");
    if (size === 40) end += 12;
  }
  const count = file.u32(46) || 2 ** bits;
  if (bits <= 8 && count > 256) throw damaged("damaged: its palette has too many colours");
  const palette = { at: end, count, bytes: 4 };
  return {
    ...{ width, height, isDownward: signed < 0, bits, compression, masks: masks.join(",") },
    ...{ palette, offset },
  };
}

function checkBits(bits: number): void {
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw unsupported(`a BMP of ${bits} bits a pixel`);
}

function readPalette(file: Bytes, header: Header): { palette: Uint8Array; isGrey: boolean } {
  const { at, count, bytes } = header.palette;
  const raw = file.part(at, count * bytes);
  const palette = new Uint8Array(count * 3);
  let isGrey = true;
  for (let i = 0; i < count; i++) {
    const level = count === 2 ? 255 * i : i;
    for (let c = 0; c < 3; c++) {
      palette[3 * i + c] = raw[bytes * i + 2 - c]!;
      isGrey &&= palette[3 * i + c] === level;
    }
  }
  return { palette, isGrey };
}

/** The rows from the top, each of `stride` bytes; those of the file begin at the bottom. */
function rowsOf(file: Bytes, { height, isDownward, offset }: Header, stride: number): Uint8Array[] {
  return Array.from({ length: height }, (_, y) =>
    file.part(offset + (isDownward ? y : height - 1 - y) * stride, stride),
  );
}

const strideOf = ({ width, bits }: Header) => ((width * bits + 31) >> 5) << 2;

function packed(file: Bytes, header: Header): Uint8Array {
  const made = new Uint8Array(header.width * header.height);
  rowsOf(file, header, strideOf(header)).forEach((row, y) =>
    made.set(unpacked(row, header.width, 1, header.bits).subarray(0, header.width), y * header.width),
  );
  return made;
}

function coloured(file: Bytes, header: Header, layout: readonly number[]): Uint8Array {
  const step = header.bits >> 3;
  const made = new Uint8Array(header.width * header.height * layout.length);
  let to = 0;
  for (const row of rowsOf(file, header, strideOf(header))) {
    for (let x = 0; x < header.width; x++) for (const place of layout) made[to++] = row[x * step + place]!;
  }
  return made;
}

/** Pixels of 16 bits: 5, 5 or 6, and 5 bits. */
function sixteen(file: Bytes, header: Header): Uint8Array {
  const green = header.masks === "f800,7e0,1f" ? 6 : 5;
  if (!["", "7c00,3e0,1f", "f800,7e0,1f"].includes(header.masks))
    throw unsupported("a BMP with unusual masks of colours");
  const made = new Uint8Array(header.width * header.height * 3);
  let to = 0;
  for (const row of rowsOf(file, header, strideOf(header))) {
    for (let x = 0; x < header.width; x++) {
      const pixel = row[2 * x]! | (row[2 * x + 1]! << 8);
      made[to++] = Math.floor((((pixel >> (5 + green)) & 31) * 255) / 31);
      made[to++] = Math.floor((((pixel >> 5) & ((1 << green) - 1)) * 255) / ((1 << green) - 1));
      made[to++] = Math.floor(((pixel & 31) * 255) / 31);
    }
  }
  return made;
}

/** Run lengths of 8 or 4 bits. What the file leaves out has position 0. */
function runs(file: Bytes, header: Header, isNarrow: boolean): Uint8Array {
  const { width, height, isDownward } = header;
  const made = new Uint8Array(width * height);
  const size = made.length;
  let [at, to, x] = [header.offset, 0, 0];
  const put = (position: number) => {
    if (to < size) made[to] = position;
    to++;
  };
  while (to < size) {
    if (at + 2 > file.size) throw damaged("truncated");
    const [count, value] = [file.u8(at), file.u8(at + 1)];
    at += 2;
    if (count > 0) {
      const fitting = Math.min(count, Math.max(0, width - x));
      for (let i = 0; i < fitting; i++) put(isNarrow ? (i % 2 ? value & 15 : value >> 4) : value);
      x += fitting;
    } else if (value === 0) {
      while (to % width !== 0) put(0);
      x = 0;
    } else if (value === 1) break;
    else if (value === 2) {
      const skipped = file.u8(at) + file.u8(at + 1) * width;
      at += 2;
      for (let i = Math.min(size - to, skipped); i > 0; i--) put(0);
      x = to % width;
    } else {
      const pixels = Math.min(size - to, value);
      const bytes = file.part(at, isNarrow ? (pixels + 1) >> 1 : pixels);
      for (let i = 0; i < pixels; i++)
        put(isNarrow ? (i % 2 ? bytes[i >> 1]! & 15 : bytes[i >> 1]! >> 4) : bytes[i]!);
      at += bytes.length;
      x += value;
      if (at % 2) at++;
    }
  }
  if (to < size) throw damaged("truncated");
  if (isDownward) return made;
  const turned = new Uint8Array(size);
  for (let y = 0; y < height; y++)
    turned.set(made.subarray((height - 1 - y) * width, (height - y) * width), y * width);
  return turned;
}
