/** Decodes the first picture of TIFF files without JPEG or fax compression, as Pillow does. */
import { inflated } from "../inflate";
import { checkSize, damaged, unsupported, type Mode, type Picture } from "../picture";
import { unpacked, widened } from "../unpack";
import { lzw, packBits } from "./codecs";
import { readDirectory, type Directory } from "./tags";

const TAG = {
  ...{ width: 256, height: 257, bits: 258, compression: 259, photometric: 262, fillOrder: 266 },
  ...{ stripOffsets: 273, orientation: 274, samples: 277, rowsPerStrip: 278, stripCounts: 279, planar: 284 },
  ...{ predictor: 317, colours: 320, tileWidth: 322, tileHeight: 323, tileOffsets: 324, tileCounts: 325 },
  ...{ extra: 338, format: 339 },
};
const [RAW, LZW, DEFLATE, PACKBITS, OLD_DEFLATE] = [1, 5, 8, 32773, 32946];
const COMPRESSIONS: Readonly<Record<number, string>> = {
  ...{ 2: "fax", 3: "fax", 4: "fax", 6: "JPEG", 7: "JPEG", 34712: "JPEG 2000", 50000: "Zstandard" },
  ...{ 34925: "LZMA", 50001: "WebP" },
};

interface Layout {
  width: number;
  height: number;
  bits: number;
  /** The samples of a pixel in the file, and how many of them belong to the picture. */
  samples: number;
  kept: number;
  mode: Mode;
  isInverted: boolean;
}

export function decodeTiff(data: Uint8Array): Picture {
  const directory = readDirectory(data);
  const layout = readLayout(directory);
  const { width, height, mode } = layout;
  const raw = samplesOf(directory, layout);
  const colours = directory.values(TAG.colours);
  if (mode === "P" && colours.length !== 3 << layout.bits) throw damaged("damaged: it has no valid palette");
  const size = colours.length / 3;
  const [orientation] = directory.values(TAG.orientation, [1]);
  return {
    format: "TIFF",
    width,
    height,
    mode,
    data: raw,
    ...(mode === "P"
      ? {
          palette: Uint8Array.from(
            { length: 3 * size },
            (_, i) => colours[(i % 3) * size + Math.floor(i / 3)]! >> 8,
          ),
        }
      : {}),
    orientation: orientation! >= 1 && orientation! <= 8 ? orientation! : 1,
    frames: directory.frames,
  };
}

function readLayout({ values }: Directory): Layout {
  const [width] = values(TAG.width);
  const [height] = values(TAG.height);
  if (width === undefined || height === undefined) throw damaged("damaged: it has no size");
  checkSize({ width, height });
  const [photometric] = values(TAG.photometric, [0]);
  const [samples] = values(TAG.samples, [1]);
  const depths = values(TAG.bits, [1]);
  const [bits] = depths;
  if (depths.some((depth) => depth !== bits))
    throw unsupported("a TIFF whose channels have different depths");
  if (values(TAG.format, [1]).some((format) => format !== 1))
    throw unsupported("a TIFF of signed or floating-point numbers");
  if (values(TAG.fillOrder, [1])[0] !== 1) throw unsupported("a TIFF with the lowest bits first");
  const extra = values(TAG.extra);
  const mode = modeOf(photometric!, samples!, bits!, extra);
  const kept = { "1": 1, L: 1, LA: 2, P: 1, RGB: 3, RGBA: 4, "I;16": 1 }[mode];
  // Pillow does not invert 16 bits.
  return {
    width,
    height,
    bits: bits!,
    samples: samples!,
    kept,
    mode,
    isInverted: photometric === 0 && bits! <= 8,
  };
}

function modeOf(photometric: number, samples: number, bits: number, extra: readonly number[]): Mode {
  if (photometric === 5) throw unsupported("a TIFF in CMYK");
  if (photometric === 3 && samples === 1 && [1, 2, 4, 8].includes(bits)) return "P";
  if (photometric === 0 || photometric === 1) {
    if (samples === 1 && bits === 16) return "I;16";
    if (samples === 1 && [1, 2, 4, 8].includes(bits)) return bits === 1 ? "1" : "L";
    if (samples === 2 && bits === 8 && photometric === 1 && extra[0] === 0) return "L";
    if (samples === 2 && bits === 8 && photometric === 1 && extra[0] === 2) return "LA";
  }
  if (photometric === 2 && (bits === 8 || bits === 16)) {
    if (samples === 3) return "RGB";
    if (samples === 4 && extra[0] === 0) return "RGB";
    if (samples === 4 && (extra[0] === 2 || (extra.length === 0 && bits === 8))) return "RGBA";
  }
  throw unsupported(
    `a TIFF of ${samples} channels of ${bits} bits and the photometric interpretation ${photometric}`,
  );
}

/** The levels of the picture. */
function samplesOf(directory: Directory, layout: Layout): Uint8Array | Uint16Array {
  const { width, height, bits, samples, kept, mode, isInverted } = layout;
  const isPlanar = directory.values(TAG.planar, [1])[0] === 2 && samples > 1;
  const isWide = bits === 16;
  const levels = new Uint8Array(width * height * kept);
  const wide = mode === "I;16" ? new Uint16Array(width * height) : null;
  const perPart = isPlanar ? 1 : samples;
  for (const part of partsOf(directory, layout, isPlanar, perPart)) {
    const [columns, rows] = [Math.min(part.width, width - part.x), Math.min(part.height, height - part.y)];
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const to = (part.y + y) * width + part.x + x;
        for (let s = 0; s < perPart; s++) {
          const channel = isPlanar ? part.plane : s;
          if (channel >= kept) continue;
          const level = part.data[(y * part.width + x) * perPart + s]!;
          if (wide) wide[to] = level;
          else levels[to * kept + channel] = isWide ? level >> 8 : isInverted ? 255 - level : level;
        }
      }
    }
  }
  return wide ?? levels;
}

interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
  plane: number;
  data: Uint8Array | Uint16Array;
}

/** The strips or tiles, decompressed, as levels of 8 or 16 bits. */
function* partsOf(directory: Directory, layout: Layout, isPlanar: boolean, perPart: number): Generator<Part> {
  const { file, values, isLittle } = directory;
  const { width, height, bits, samples, mode } = layout;
  const [compression] = values(TAG.compression, [RAW!]);
  const [predictor] = values(TAG.predictor, [1]);
  const isTiled = values(TAG.tileOffsets).length > 0;
  const columns = isTiled ? values(TAG.tileWidth)[0] : width;
  const rows = isTiled ? values(TAG.tileHeight)[0] : Math.min(values(TAG.rowsPerStrip, [height])[0]!, height);
  if (!columns || !rows) throw damaged("damaged: its strips or tiles have no size");
  const offsets = values(isTiled ? TAG.tileOffsets : TAG.stripOffsets);
  const counts = values(isTiled ? TAG.tileCounts : TAG.stripCounts);
  const [across, down] = [Math.ceil(width / columns), Math.ceil(height / rows)];
  const planes = isPlanar ? samples : 1;
  if (offsets.length < across * down * planes) throw damaged("damaged: strips or tiles are missing");
  for (let i = 0; i < across * down * planes; i++) {
    const place = i % (across * down);
    const [x, y] = [(place % across) * columns, Math.floor(place / across) * rows];
    // The last strip may be shorter; tiles are always whole.
    const lines = isTiled ? rows : Math.min(rows, height - y);
    const stride = Math.ceil((columns * perPart * bits) / 8);
    const size = stride * lines;
    const offset = offsets[i]!;
    const packed =
      compression === RAW ? file.part(offset, size) : file.part(offset, counts[i] ?? file.size - offset);
    const bytes = decompressed(packed, compression!, size);
    let data: Uint8Array | Uint16Array = bits === 16 ? words(bytes, isLittle) : bytes;
    if (predictor === 2 && compression !== RAW && bits >= 8)
      data = undone(data === packed ? data.slice() : data, columns * perPart, perPart);
    else if (predictor !== 1 && compression !== RAW)
      throw unsupported(`a TIFF with the predictor ${predictor}`);
    if (bits < 8) {
      const positions = unpacked(bytes, columns * perPart, lines, bits);
      data = mode === "P" ? positions : widened(positions, bits);
    }
    yield { x, y, width: columns, height: lines, plane: Math.floor(i / (across * down)), data };
  }
}

function decompressed(packed: Uint8Array, compression: number, size: number): Uint8Array {
  switch (compression) {
    case RAW:
      return packed;
    case LZW:
      return lzw(packed, size);
    case DEFLATE:
    case OLD_DEFLATE:
      return inflated(packed, size);
    case PACKBITS:
      return packBits(packed, size);
    default:
      throw unsupported(`a TIFF with ${COMPRESSIONS[compression] ?? "unknown"} compression`);
  }
}

function words(bytes: Uint8Array, isLittle: boolean): Uint16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: bytes.length >> 1 }, (_, i) => view.getUint16(2 * i, isLittle));
}

/** Levels from the differences to the pixel on their left. */
function undone<Data extends Uint8Array | Uint16Array>(data: Data, stride: number, samples: number): Data {
  for (let start = 0; start < data.length; start += stride)
    for (let i = samples; i < stride; i++) data[start + i] = data[start + i]! + data[start + i - samples]!;
  return data;
}
