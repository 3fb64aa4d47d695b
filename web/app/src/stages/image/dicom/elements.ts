/** Reads the data elements of a DICOM file (PS3.10, PS3.5): those that describe the pixels, and where the pixels are. */
import { Bytes } from "../decode/bytes";
import { damaged, unsupported } from "../decode/picture";

const [IMPLICIT, BIG] = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2"];
const CODINGS: Partial<Record<string, Coding>> = {
  [IMPLICIT]: "raw",
  "1.2.840.10008.1.2.1": "raw",
  [BIG]: "raw",
  "1.2.840.10008.1.2.5": "RLE",
  "1.2.840.10008.1.2.4.50": "JPEG",
  "1.2.840.10008.1.2.4.51": "JPEG extended",
  "1.2.840.10008.1.2.4.57": "JPEG lossless",
  "1.2.840.10008.1.2.4.70": "JPEG lossless",
  "1.2.840.10008.1.2.4.80": "JPEG-LS",
  "1.2.840.10008.1.2.4.81": "JPEG-LS",
  "1.2.840.10008.1.2.4.90": "JPEG 2000",
  "1.2.840.10008.1.2.4.91": "JPEG 2000",
};
/** The tags of the elements that are used, other than the pixels. */
export const TAG = {
  ...{ samples: 0x00280002, photometric: 0x00280004, planar: 0x00280006, frames: 0x00280008 },
  ...{ rows: 0x00280010, columns: 0x00280011, allocated: 0x00280100, stored: 0x00280101 },
  ...{ representation: 0x00280103, burnedIn: 0x00280301, centre: 0x00281050, width: 0x00281051 },
  ...{ intercept: 0x00281052, slope: 0x00281053 },
};
/** The value representations whose length has 4 bytes after 2 that are reserved. */
const LONG = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"];
const UNDEFINED = 0xffffffff;
const [ITEM, ITEM_END, SEQUENCE_END] = [0xfffee000, 0xfffee00d, 0xfffee0dd];
const PIXELS = 0x7fe00010;
const [FLOAT_PIXELS, DOUBLE_PIXELS] = [0x7fe00008, 0x7fe00009];

export type Coding = "raw" | "RLE" | "JPEG" | "JPEG extended" | "JPEG lossless" | "JPEG-LS" | "JPEG 2000";

export interface Dicom {
  coding: Coding;
  isLittle: boolean;
  /** Whether pixels of 8 bits are in words of 16 bits that begin with the higher byte. */
  isSwapped: boolean;
  /** The values of elements that are not in sequences, by tag. */
  values: ReadonlyMap<number, Uint8Array>;
  /** The value representations of all elements before the pixels, by tag; empty where the file does not have them. */
  kinds: ReadonlyMap<number, string>;
  /** The pixels of all frames; where they are compressed, the parts of them, without the table of offsets. */
  pixels: Uint8Array;
  fragments: Uint8Array[] | null;
  /** Where frames begin, in bytes after the table of offsets; empty if the file does not say it. */
  offsets: number[];
}

/** Whether the bytes are those of a DICOM file. */
export function isDicom(data: Uint8Array): boolean {
  return data.length > 132 && String.fromCharCode(...data.subarray(128, 132)) === "DICM";
}

export function readDicom(data: Uint8Array): Dicom {
  const meta = new Reader(new Bytes(data, true), true, true);
  let at = 132;
  let syntax = "";
  while (at + 8 <= data.length && meta.file.u16(at) === 2) {
    const element = meta.element(at);
    if (element.tag === 0x00020010) syntax = textOf(data.subarray(element.from, element.to));
    at = element.to;
  }
  const coding = CODINGS[syntax];
  if (!coding) throw unsupported(`a DICOM file with the transfer syntax ${syntax || "that is missing"}`);
  const isLittle = syntax !== BIG;
  const reader = new Reader(new Bytes(data, isLittle), syntax !== IMPLICIT, isLittle);
  const values = new Map<number, Uint8Array>();
  const kinds = new Map<number, string>();
  while (at + 8 <= data.length) {
    const element = reader.element(at);
    const { tag, from, to } = element;
    if (tag === FLOAT_PIXELS || tag === DOUBLE_PIXELS)
      throw unsupported("a DICOM file of floating-point pixels");
    if (tag === PIXELS)
      return {
        coding,
        isLittle,
        values,
        kinds,
        isSwapped: !isLittle && element.kind === "OW",
        ...reader.pixels(element, coding),
      };
    kinds.set(tag, element.isSequence ? "SQ" : element.kind);
    if (!element.isSequence) values.set(tag, data.subarray(from, to));
    at = to;
  }
  throw unsupported("a DICOM file without pixels");
}

/** A value that is a text, without the characters that fill it up. */
export function textOf(value: Uint8Array | undefined): string {
  return String.fromCharCode(...(value ?? []))
    .replace(/[\0 ]+$/, "")
    .trim();
}

interface Element {
  tag: number;
  /** The value representation; empty where the file does not have it. */
  kind: string;
  from: number;
  /** Where the next element begins; for pixels of undefined length, where they begin. */
  to: number;
  isSequence: boolean;
  isUndefined: boolean;
}

class Reader {
  constructor(
    readonly file: Bytes,
    private readonly isExplicit: boolean,
    readonly isLittle: boolean,
  ) {}

  element(at: number): Element {
    const { file } = this;
    const tag = file.u16(at) * 65536 + file.u16(at + 2);
    const kind = this.isExplicit ? file.text(at + 4, 2) : "";
    const isLong = !this.isExplicit || LONG.includes(kind);
    const head = this.isExplicit ? (isLong ? 12 : 8) : 8;
    const size = !this.isExplicit ? file.u32(at + 4) : isLong ? file.u32(at + 8) : file.u16(at + 6);
    const from = at + head;
    const isUndefined = size === UNDEFINED;
    if (isUndefined && tag === PIXELS) return { tag, kind, from, to: from, isSequence: false, isUndefined };
    if (isUndefined)
      return { tag, kind, from, to: this.afterSequence(from, kind === "UN"), isSequence: true, isUndefined };
    if (from + size > file.size && tag !== PIXELS) throw damaged("truncated");
    return { tag, kind, from, to: from + size, isSequence: kind === "SQ", isUndefined };
  }

  /** Where a sequence of undefined length ends. */
  private afterSequence(at: number, isImplicit: boolean, depth = 0): number {
    if (depth > 32) throw damaged("damaged: its sequences are too deep");
    const inner = isImplicit ? new Reader(this.file, false, this.isLittle) : this;
    for (;;) {
      const tag = this.file.u16(at) * 65536 + this.file.u16(at + 2);
      const size = this.file.u32(at + 4);
      at += 8;
      if (tag === SEQUENCE_END) return at;
      if (tag !== ITEM) throw damaged("damaged: a sequence has no item where one must be");
      if (size !== UNDEFINED) {
        at += size;
        continue;
      }
      for (;;) {
        if (this.file.u16(at) * 65536 + this.file.u16(at + 2) === ITEM_END) {
          at += 8;
          break;
        }
        at = inner.element(at).to;
      }
    }
  }

  /** The pixels, or the parts of compressed ones. */
  pixels(
    { from, to, isUndefined }: Element,
    coding: Coding,
  ): Pick<Dicom, "pixels" | "fragments" | "offsets"> {
    const { file } = this;
    if (isUndefined !== (coding !== "raw"))
      throw damaged("damaged: its pixels do not have the form of its transfer syntax");
    if (!isUndefined) return { pixels: file.data.subarray(from, to), fragments: null, offsets: [] };
    const fragments: Uint8Array[] = [];
    let offsets: number[] | null = null;
    for (let at = from; at + 8 <= file.size;) {
      const tag = file.u16(at) * 65536 + file.u16(at + 2);
      if (tag === SEQUENCE_END) break;
      if (tag !== ITEM) throw damaged("damaged: its pixels have no item where one must be");
      const size = file.u32(at + 4);
      const content = file.part(at + 8, size);
      if (offsets) fragments.push(content);
      else offsets = Array.from({ length: size >> 2 }, (_, i) => file.u32(at + 8 + 4 * i));
      at += 8 + size;
    }
    return { pixels: new Uint8Array(), fragments, offsets: offsets ?? [] };
  }
}
