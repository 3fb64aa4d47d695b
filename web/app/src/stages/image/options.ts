/** The key `decode` of an image stage: how a decoded picture becomes the levels with which the steps begin (spec/IMAGE.md §5). */
import type { Scan } from "../base";
import { keys } from "../read";
import { decode, Refusal, type Picture } from "./decode";
import { DicomOptions, isDicom } from "./dicom";
import { upright } from "./orientation";
import { choice } from "./steps/base";
import type { Grid } from "./grid";
import { levelsAs } from "./modes";

export const CHANNELS = { L: 1, RGB: 3, RGBA: 4, "I;16": 1 } as const;
export type TargetMode = keyof typeof CHANNELS;

const KNOWN = {
  mode: ["L", "RGB", "RGBA", "I;16"],
  orientation: ["applied", "ignored"],
  alpha: ["dropped", "refused"],
  cmyk: ["converted", "refused"],
  sixteen: ["refused", "clipped", "high-byte"],
  frames: ["first", "refused"],
} as const;
type Options = { readonly [Key in keyof typeof KNOWN]: (typeof KNOWN)[Key][number] };

const refusedKind = (what: string) =>
  new Refusal("unsupported", `has ${what}, which the model does not take`);

export class DecodeOptions {
  readonly mode: TargetMode;
  private readonly options: Options;
  private readonly dicom: DicomOptions | null;

  /** Throws Malformed. */
  constructor(raw: unknown) {
    const { mode: _, ...optional } = KNOWN;
    const options = keys(raw, ["mode"], [...Object.keys(optional), "dicom"]);
    const dicom = Object.hasOwn(options, "dicom") ? options["dicom"] : null;
    this.dicom = dicom === null ? null : new DicomOptions(dicom);
    const read = Object.entries(KNOWN).map(([key, known]) => [
      key,
      // The first choice is the default.
      Object.hasOwn(options, key) ? choice<string>(options[key], key, known) : known[0],
    ]);
    this.options = Object.fromEntries(read) as Options;
    this.mode = this.options.mode;
  }

  /** The picture in a file, in the mode of the file. Throws a Refusal. */
  async picture(file: Blob): Promise<Picture> {
    const data = new Uint8Array(await file.arrayBuffer());
    return this.dicom && isDicom(data) ? this.dicom.picture(data) : decode(data);
  }

  /** A frame of a DICOM file for display; null for other files. Throws a Refusal. */
  async scan(file: Blob, frame: number | null): Promise<Scan | null> {
    if (!this.dicom) return null;
    const data = new Uint8Array(await file.arrayBuffer());
    return isDicom(data) ? this.dicom.scan(data, frame) : null;
  }

  /** The levels of a decoded picture. Throws a Refusal. */
  grid(picture: Picture): Grid {
    const { mode, options } = this;
    if (options.frames === "refused" && picture.frames > 1) throw refusedKind("several frames");
    const isDeep = picture.mode === "I;16";
    if (isDeep && mode !== "I;16" && options.sixteen === "refused") throw refusedKind("16 bits");
    if (!isDeep && mode === "I;16") throw new Refusal("unsupported", "has 8 bits, but the model takes 16");
    const hasAlpha = ["LA", "RGBA"].includes(picture.mode) || picture.transparency !== undefined;
    if (hasAlpha && mode !== "RGBA" && options.alpha === "refused") throw refusedKind("transparent pixels");
    const levels = levelsAs(picture, mode, options.sixteen === "high-byte");
    // Pillow applies the orientation of TIFF in any case.
    const isApplied = options.orientation === "applied" || picture.format === "TIFF";
    const turned = upright(levels, picture, CHANNELS[mode], isApplied ? picture.orientation : 1);
    const { height, width } = turned;
    const notes = picture.notes ?? [];
    return { ...turned, channels: CHANNELS[mode], geometry: [height, width, 1, 1, 0, 0], notes };
  }
}
