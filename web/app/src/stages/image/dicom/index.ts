/** Decodes a frame of a DICOM file to levels of 8 bits, by a window (spec/IMAGE.md §5.3). */
import type { Scan } from "../../base";
import { flag, integer, keys, Malformed } from "../../read";
import { Refusal, type Picture } from "../decode";
import { fromPalette, fromYcc } from "./colours";
import { codecs } from "./codecs";
import { readDicom, type Dicom } from "./elements";
import { decodedPicture, storedValues } from "./frames";
import { readHeader, type Header } from "./header";
import { headerOf } from "./listing";
import { limitsOf, rescaled, windowed, type Values, type Window } from "./window";
import { namedWindows, wholeRange } from "./windows";

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
    const { file, header, frame } = this.opened(data, null);
    const base = {
      format: "DICOM",
      ...{ width: header.width, height: header.height, orientation: 1, frames: 1, notes: header.notes },
    };
    const { values, colours } = await decodedFrame(file, header, frame);
    if (colours) return { ...base, mode: "RGB", data: colours };
    const levels = windowed(values, file.values, this.window);
    const isInverted = header.photometric === "MONOCHROME1" && this.isInverted;
    return { ...base, mode: "L", data: isInverted ? levels.map((level) => 255 - level) : levels };
  }

  /** A frame for display; null is the frame of the model. Throws a Refusal. */
  async scan(data: Uint8Array, wanted: number | null): Promise<Scan> {
    const { file, header, frame, modelFrame } = this.opened(data, wanted);
    const { width, height, frames } = header;
    const { values, colours } = await decodedFrame(file, header, frame);
    const listed = headerOf(file, codecs().dictionary);
    const base = { width, height, frame, frames, modelFrame, header: listed };
    if (colours) {
      const picture = { width, height, channels: 3, levels: colours, most: 255 };
      return { ...base, values: null, colours: picture, isInverted: false, window: null, windows: [] };
    }
    const shown = rescaled(values, file.values);
    const limits = limitsOf(file.values, this.window);
    const whole = wholeRange(shown);
    return {
      ...base,
      values: shown,
      colours: null,
      isInverted: header.photometric === "MONOCHROME1",
      window: limits ?? [whole.centre, whole.width],
      windows: namedWindows(file.values, shown),
    };
  }

  private opened(data: Uint8Array, wanted: number | null) {
    const file = readDicom(data);
    const header = readHeader(file);
    const modelFrame = this.frame === "middle" ? header.frames >> 1 : this.frame;
    const frame = wanted ?? modelFrame;
    if (frame >= header.frames)
      throw new Refusal("unfit", `has ${header.frames} frames, fewer than the model takes`);
    return { file, header, frame, modelFrame };
  }
}

/** The stored values of a grey frame, or the colours of another. */
async function decodedFrame(
  file: Dicom,
  header: Header,
  frame: number,
): Promise<{ values: Values; colours: null } | { values: null; colours: Uint8Array }> {
  const picture = await decodedPicture(file, header, frame);
  if (picture && header.samples === 3) return { values: null, colours: picture.data as Uint8Array };
  const values = (picture?.data as Uint8Array | undefined) ?? (await storedValues(file, header, frame));
  if (header.photometric === "PALETTE COLOR")
    return { values: null, colours: fromPalette(values, file, header.isSigned) };
  if (header.samples === 1) return { values, colours: null };
  const levels = values instanceof Uint8Array ? values : Uint8Array.from(values);
  return { values: null, colours: header.photometric.startsWith("YBR_FULL") ? fromYcc(levels) : levels };
}

function windowOf(raw: unknown): Window {
  if (raw === "file" || raw === "full") return raw;
  const isPair =
    Array.isArray(raw) && raw.length === 2 && raw.every(Number.isFinite) && (raw[1] as number) >= 1;
  if (!isPair) throw new Malformed('window must be "file", "full", or a centre and a width of at least 1');
  return raw as unknown as [number, number];
}
