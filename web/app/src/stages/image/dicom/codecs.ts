/**
 * The decoders of compressed frames. They are a part of their own (src/stages/image/codecs), which only pages contain whose model
 * reads DICOM, and which sets `globalThis.sealiftCodecs`.
 */
import { Refusal } from "../decode/picture";
import type { Coding } from "./elements";

export type Compressed = Exclude<Coding, "raw" | "RLE" | "JPEG">;

/** What a compressed frame says about itself. */
export interface Codestream {
  height: number;
  width: number;
  components: number;
  /** The bits of a sample. */
  bits: number;
  /** Whether samples have a sign; only those of JPEG 2000 can. */
  isSigned: boolean;
}

export interface Codecs {
  /** The names of elements: lines with the tag, `x` for identifying ones, the value representation and the name. */
  readonly dictionary: string;
  /** The samples of a frame, row by row and pixel by pixel. Throws a Refusal. */
  decode(
    coding: Compressed,
    data: Uint8Array,
    frame: Codestream,
  ): Promise<Uint8Array | Uint16Array | Int32Array>;
}

/** Throws a Refusal in a page without them. */
export function codecs(): Codecs {
  const decoders = (globalThis as { sealiftCodecs?: Codecs }).sealiftCodecs;
  if (decoders) return decoders;
  throw new Refusal("unsupported", "is a compressed DICOM file, whose decoders this page does not have");
}
