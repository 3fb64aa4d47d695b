/** Decompresses the zlib data in pictures (inflate.ts). */
import { InflateError, inflated as inflatedData } from "../../../inflate";
import { damaged } from "./picture";

/** The first `size` bytes of a zlib stream. Throws a Refusal if it has fewer. */
export function inflated(data: Uint8Array, size: number): Uint8Array {
  try {
    return inflatedData(data, size);
  } catch (error) {
    throw error instanceof InflateError ? damaged(error.message) : error;
  }
}
