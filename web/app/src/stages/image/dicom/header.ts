/** What a DICOM file says about its pixels, and which of these files are read (spec/IMAGE.md §5.3). */
import { checkSize, damaged, unsupported } from "../decode/picture";
import { TAG, textOf, type Dicom } from "./elements";

export interface Header {
  width: number;
  height: number;
  /** 1 or 3. */
  samples: number;
  photometric: string;
  frames: number;
  allocated: number;
  stored: number;
  isSigned: boolean;
  isPlanar: boolean;
  /** What the file has that the answer ignores, or that may identify the patient. */
  notes: string[];
}

const GREY = ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"];
const COLOUR = ["RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT"];

/** Throws a Refusal for a file that is not read. */
export function readHeader({ values, isLittle, coding }: Dicom): Header {
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
    notes: notesOf(values),
  };
  const { samples, photometric, stored } = header;
  const isGrey = samples === 1 && GREY.includes(photometric);
  const isColour = samples === 3 && allocated === 8 && COLOUR.includes(photometric);
  if ((!isGrey && !isColour) || (allocated !== 8 && allocated !== 16) || stored < 1 || stored > allocated)
    throw unsupported(
      `a DICOM file of ${allocated} bits with the photometric interpretation ${photometric || "that is missing"}`,
    );
  const isPart = ["YBR_RCT", "YBR_ICT"].includes(photometric); // of JPEG 2000, which undoes it
  const isHalf = photometric === "YBR_FULL_422";
  if ((isPart && coding !== "JPEG 2000") || (isHalf && !["raw", "JPEG", "JPEG extended"].includes(coding)))
    throw unsupported(`a DICOM file in ${coding} with the photometric interpretation ${photometric}`);
  return header;
}

function notesOf(values: Dicom["values"]): string[] {
  const notes: string[] = [];
  if (textOf(values.get(TAG.burnedIn)).toUpperCase() === "YES")
    notes.push(
      "burnt-in annotations, says its header (0028,0301): the model sees them, and they may name the patient",
    );
  const groups = Array.from({ length: 16 }, (_, i) => 0x6000 + 2 * i);
  if (groups.some((group) => values.has(group * 65536 + 0x0010))) notes.push("overlays, which are ignored");
  return notes;
}
