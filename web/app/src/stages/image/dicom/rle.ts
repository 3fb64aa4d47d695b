/** Decompresses a frame of DICOM's RLE (PS3.5 Annex G): segments of bytes, each packed by PackBits. */
import { Bytes } from "../decode/bytes";
import { damaged } from "../decode/picture";
import { packBits } from "../decode/tiff/codecs";

/** The bytes of `pixels` pixels with samples of `bytes` bytes, little-endian, pixel by pixel. */
export function unrle(data: Uint8Array, pixels: number, samples: number, bytes: number): Uint8Array {
  const file = new Bytes(data, true);
  const count = file.u32(0);
  if (count !== samples * bytes) throw damaged("damaged: its compressed data have another number of parts");
  const made = new Uint8Array(pixels * samples * bytes);
  for (let segment = 0; segment < count; segment++) {
    const start = file.u32(4 + 4 * segment);
    const end = segment + 1 < count ? file.u32(8 + 4 * segment) : data.length;
    if (start < 64 || end < start || end > data.length)
      throw damaged("damaged: its compressed data are not valid");
    const part = packBits(data.subarray(start, end), pixels);
    // The first segment has the highest bytes of the first sample.
    const sample = Math.floor(segment / bytes);
    const place = bytes - 1 - (segment % bytes);
    for (let i = 0; i < pixels; i++) made[(i * samples + sample) * bytes + place] = part[i]!;
  }
  return made;
}
