/** Decodes a frame of a DICOM file to levels of 8 bits, by a window (spec/IMAGE.md §5.3). */
import { flag, integer, keys, Malformed } from "../../read";
import { Refusal, type Picture } from "../decode";
import { fromPalette, fromYcc } from "./colours";
import { readDicom } from "./elements";
import { decodedPicture, storedValues } from "./frames";
import { readHeader } from "./header";
import { windowed, type Window } from "./window";

export { isDicom } from "./elements";

const MOST_FRAMES = 1 << 20;

/** The key `dicom` of `decode`. */
export class DicomOptions {
  private readonly window: Window;
  private readonly frame: number | "middle";
  private readonly isInverted: boolean;

  /** Throws Malformed. */
  constructor(raw: unknown) {
    const options = keys(raw, [], ["window", "frame", "inverted"]);
    const given = (key: string, instead: unknown) => (Object.hasOwn(options, key) ? options[key] : instead);
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
    const base = {
      format: "DICOM",
      ...{ width: header.width, height: header.height, orientation: 1, frames: 1, notes: header.notes },
    };
    const picture = await decodedPicture(file, header, frame);
    if (picture && header.samples === 3) return { ...picture, ...base };
    const values = (picture?.data as Uint8Array | undefined) ?? (await storedValues(file, header, frame));
    const { photometric } = header;
    if (photometric === "PALETTE COLOR")
      return { ...base, mode: "RGB", data: fromPalette(values, file, header.isSigned) };
    if (header.samples === 3) {
      const levels = values instanceof Uint8Array ? values : Uint8Array.from(values);
      return { ...base, mode: "RGB", data: photometric.startsWith("YBR_FULL") ? fromYcc(levels) : levels };
    }
    const levels = windowed(values, file.values, this.window);
    const isInverted = photometric === "MONOCHROME1" && this.isInverted;
    return { ...base, mode: "L", data: isInverted ? levels.map((level) => 255 - level) : levels };
  }
}

function windowOf(raw: unknown): Window {
  if (raw === "file" || raw === "full") return raw;
  const isPair =
    Array.isArray(raw) && raw.length === 2 && raw.every(Number.isFinite) && (raw[1] as number) >= 1;
  if (!isPair) throw new Malformed('window must be "file", "full", or a centre and a width of at least 1');
  return raw as unknown as [number, number];
}
