/**
 * The decoders of compressed DICOM frames, as a part of pages whose model reads DICOM (build/codecs.mjs): own ones of JPEG
 * lossless and of JPEG with 12 bits, CharLS for JPEG-LS, and OpenJPEG for JPEG 2000.
 */
import { damaged } from "../decode/picture";
import type { Codecs } from "../dicom/codecs";
import { decodeExtended } from "./extended";
import { decodeLossless } from "./lossless";
import { decodeJpeg2000, decodeJpegLs, type Binaries } from "./wasm";

/** The decoders, of which two need WebAssembly, and the dictionary of elements. */
export function codecsOf(binaries: Binaries, dictionary: string): Codecs {
  return {
    dictionary,
    async decode(coding, data, frame) {
      const decoded =
        coding === "JPEG lossless"
          ? decodeLossless(data, frame)
          : coding === "JPEG extended"
            ? decodeExtended(data, frame)
            : await (coding === "JPEG-LS" ? decodeJpegLs : decodeJpeg2000)(binaries, data, frame);
      if (decoded.length !== frame.width * frame.height * frame.components)
        throw damaged("damaged: its picture differs from its header");
      return decoded;
    },
  };
}
