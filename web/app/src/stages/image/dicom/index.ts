/** Decodes a frame of a DICOM file to levels of 8 bits, by a window (spec/IMAGE.md §5.3). */
import { keys, integer, Malformed, flag } from "../../read";
import { decode, Refusal, type Picture } from "../decode";
import { checkSize, damaged, unsupported } from "../decode/picture";
import { readDicom, textOf, type Dicom } from "./elements";
import { unrle } from "./rle";

export { isDicom } from "./elements";

const TAG = {
  ...{ samples: 0x00280002, photometric: 0x00280004, planar: 0x00280006, frames: 0x00280008 },
  ...{ rows: 0x00280010, columns: 0x00280011, allocated: 0x00280100, stored: 0x00280101 },
  ...{ representation: 0x00280103, centre: 0x00281050, width: 0x00281051 },
  ...{ intercept: 0x00281052, slope: 0x00281053 },
};
const MOST_FRAMES = 1 << 20;

/** The key `dicom` of `decode`. */
export class DicomOptions {
  private readonly window: "file" | "full" | readonly [number, number];
  private readonly frame: number | "middle";
  private readonly isInverted: boolean;

  /** Throws Malformed. */
  constructor(raw: unknown) {
    const found = keys(raw, [], ["window", "frame", "inverted"]);
    const given = (key: string, instead: unknown) => (Object.hasOwn(found, key) ? found[key] : instead);
    this.window = windowOf(given("window", "file"));
    const frame = given("frame", 0);
    this.frame = frame === "middle" ? frame : integer(frame, 0, MOST_FRAMES);
    this.isInverted = flag(given("inverted", true), "inverted");
  }

  /** The levels of a frame. Throws a Refusal. */
  async picture(data: Uint8Array): Promise<Picture> {
    const file = readDicom(data);
    const header = readHeader(file);
    const frame = this.frame === "middle" ? header.frames >> 1 : this.frame;
    if (frame >= header.frames)
      throw new Refusal("unfit", `has ${header.frames} frames, fewer than the model takes`);
    if (file.coding === "JPEG" && header.samples === 3) return compressed(file, header, frame);
    const values =
      file.coding === "JPEG" ? (await compressed(file, header, frame)).data : valuesOf(file, header, frame);
    const base = { format: "DICOM", width: header.width, height: header.height, orientation: 1, frames: 1 };
    if (header.samples === 3) {
      const levels = Uint8Array.from(values);
      return { ...base, mode: "RGB", data: header.photometric === "YBR_FULL" ? fromYcc(levels) : levels };
    }
    const levels = this.windowed(values, file);
    const isInverted = header.photometric === "MONOCHROME1" && this.isInverted;
    return { ...base, mode: "L", data: isInverted ? levels.map((level) => 255 - level) : levels };
  }

  /** Monochrome values as levels. */
  private windowed(values: Values, { values: elements }: Dicom): Uint8Array {
    const slope = numberOf(elements.get(TAG.slope)) ?? 1;
    const intercept = numberOf(elements.get(TAG.intercept)) ?? 0;
    const found = Float64Array.from(values, (value) => value * slope + intercept);
    let window = typeof this.window === "string" ? null : this.window;
    if (this.window === "file") {
      const [centre, width] = [numberOf(elements.get(TAG.centre)), numberOf(elements.get(TAG.width))];
      if (centre !== undefined && width !== undefined) window = [centre, width];
    }
    if (window) {
      const [centre, width] = window;
      if (!(width >= 1)) throw damaged("damaged: the width of its window is less than 1");
      const [low, high] = [centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2];
      return Uint8Array.from(found, (x) => {
        if (x <= low) return 0;
        if (x > high) return 255;
        return Math.trunc(((x - (centre - 0.5)) / (width - 1) + 0.5) * 255 + 0.5);
      });
    }
    let [low, high] = [Infinity, -Infinity];
    for (const x of found) [low, high] = [Math.min(low, x), Math.max(high, x)];
    return Uint8Array.from(found, (x) =>
      high === low ? 0 : Math.trunc(((x - low) / (high - low)) * 255 + 0.5),
    );
  }
}

function windowOf(raw: unknown): "file" | "full" | readonly [number, number] {
  if (raw === "file" || raw === "full") return raw;
  const isPair =
    Array.isArray(raw) && raw.length === 2 && raw.every(Number.isFinite) && (raw[1] as number) >= 1;
  if (!isPair) throw new Malformed('window must be "file", "full", or a centre and a width of at least 1');
  return raw as unknown as [number, number];
}

interface Header {
  width: number;
  height: number;
  samples: number;
  photometric: string;
  frames: number;
  allocated: number;
  stored: number;
  isSigned: boolean;
  isPlanar: boolean;
}

type Values = Int16Array | Uint16Array | Uint8Array | Int8Array;

function readHeader({ values, isLittle }: Dicom): Header {
  const short = (tag: number, instead?: number) => {
    const value = values.get(tag);
    if (!value || value.length < 2) {
      if (instead === undefined) throw damaged("damaged: its header lacks what describes the pixels");
      return instead;
    }
    return isLittle ? value[0]! | (value[1]! << 8) : (value[0]! << 8) | value[1]!;
  };
  const [width, height] = [short(TAG.columns), short(TAG.rows)];
  checkSize({ width, height });
  const allocated = short(TAG.allocated);
  const header = {
    width,
    height,
    samples: short(TAG.samples, 1),
    photometric: textOf(values.get(TAG.photometric)),
    frames: Math.max(1, Math.trunc(Number(textOf(values.get(TAG.frames)) || 1)) || 1),
    allocated,
    stored: short(TAG.stored, allocated),
    isSigned: short(TAG.representation, 0) === 1,
    isPlanar: short(TAG.planar, 0) === 1,
  };
  const { samples, photometric, stored } = header;
  const isGrey = samples === 1 && ["MONOCHROME1", "MONOCHROME2"].includes(photometric);
  const isColour =
    samples === 3 && allocated === 8 && ["RGB", "YBR_FULL", "YBR_FULL_422"].includes(photometric);
  if ((!isGrey && !isColour) || (allocated !== 8 && allocated !== 16) || stored < 1 || stored > allocated)
    throw unsupported(
      `a DICOM file of ${allocated} bits with the photometric interpretation ${photometric || "that is missing"}`,
    );
  return header;
}

/** The stored values of a frame, pixel by pixel. */
function valuesOf(file: Dicom, header: Header, frame: number): Values {
  const { width, height, samples, allocated, photometric } = header;
  if (photometric === "YBR_FULL_422") throw unsupported("a DICOM file of uncompressed YBR_FULL_422");
  const pixels = width * height;
  const bytes = allocated >> 3;
  const size = pixels * samples * bytes;
  let raw: Uint8Array;
  if (file.coding === "RLE") raw = unrle(partOf(file, header, frame), pixels, samples, bytes);
  else {
    raw = file.pixels.subarray(frame * size, (frame + 1) * size);
    if (raw.length < size) throw damaged("truncated");
    if (header.isPlanar && samples === 3) raw = interleaved(raw, pixels);
  }
  if (bytes === 1 && !header.isSigned) return raw;
  const isLittle = file.isLittle || file.coding === "RLE";
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const unused = 32 - header.stored;
  const made = header.isSigned ? new Int16Array(pixels * samples) : new Uint16Array(pixels * samples);
  for (let i = 0; i < made.length; i++) {
    const value = bytes === 1 ? raw[i]! : view.getUint16(2 * i, isLittle);
    // The sign is the highest bit that is stored.
    made[i] = header.isSigned ? (value << unused) >> unused : (value << unused) >>> unused;
  }
  return made;
}

function interleaved(planes: Uint8Array, pixels: number): Uint8Array {
  const made = new Uint8Array(planes.length);
  for (let i = 0; i < pixels; i++) for (let c = 0; c < 3; c++) made[3 * i + c] = planes[c * pixels + i]!;
  return made;
}

/** The compressed data of a frame. */
function partOf({ fragments, offsets }: Dicom, { frames }: Header, frame: number): Uint8Array {
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

/** A frame in JPEG, which is decoded as a file of its own. */
async function compressed(file: Dicom, header: Header, frame: number): Promise<Picture> {
  if (header.photometric === "RGB") throw unsupported("a DICOM file in JPEG without a conversion of colours");
  const picture = await decode(new Uint8Array(partOf(file, header, frame)));
  const isGrey = picture.mode === "L";
  if (picture.width !== header.width || picture.height !== header.height || isGrey !== (header.samples === 1))
    throw damaged("damaged: its picture differs from its header");
  return { ...picture, format: "DICOM", orientation: 1, frames: 1 };
}

/** The colours of YCbCr, in the integers of libjpeg. */
function fromYcc(levels: Uint8Array): Uint8Array {
  const made = new Uint8ClampedArray(levels.length);
  for (let at = 0; at < levels.length; at += 3) {
    const [y, cb, cr] = [levels[at]!, levels[at + 1]! - 128, levels[at + 2]! - 128];
    made[at] = y + ((91881 * cr + 32768) >> 16);
    made[at + 1] = y + ((-22554 * cb - 46802 * cr + 32768) >> 16);
    made[at + 2] = y + ((116130 * cb + 32768) >> 16);
  }
  return new Uint8Array(made.buffer);
}

/** The first number of a decimal string. */
function numberOf(value: Uint8Array | undefined): number | undefined {
  const text = textOf(value).split("\\")[0]!.trim();
  const number = Number(text);
  return text !== "" && Number.isFinite(number) ? number : undefined;
}
