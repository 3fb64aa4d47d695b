/**
 * Decodes sequential JPEG of 12 bits with one component (process 4 of ITU-T T.81), with the levels of libjpeg-turbo: its
 * accurate integer inverse transform, jidctint.c for 12 bits, which Loeffler, Ligtenberg and Moschytz describe (Practical
 * fast 1-D DCT algorithms with 11 multiplications, 1989).
 */
import { damaged } from "../decode/picture";
import type { Codestream } from "../dicom/codecs";
import { BitReader } from "./huffman";
import { eachScan, type Scan } from "./scans";

const ZIGZAG = [
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6],
  ...[7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31],
  ...[39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
];

/** The samples of 12 bits. Throws a Refusal. */
export function decodeExtended(data: Uint8Array, frame: Codestream): Uint16Array {
  if (frame.bits !== 12 || frame.components !== 1)
    throw damaged("damaged: a JPEG of this kind has 12 bits and one component");
  const samples = new Uint16Array(frame.width * frame.height);
  let isDecoded = false;
  eachScan(data, (scan) => {
    isDecoded = true;
    return decodeScan(data, frame, scan, samples);
  });
  if (!isDecoded) throw damaged("truncated");
  return samples;
}

/** The limits of the spectrum in the header of the scan are ignored, as by libjpeg: some files have wrong ones. */
function decodeScan(data: Uint8Array, frame: Codestream, scan: Scan, samples: Uint16Array): number {
  const [{ dc, ac, steps } = { dc: undefined, ac: undefined, steps: undefined }] = scan.components;
  if (!dc || !ac || !steps) throw damaged("damaged: a scan has no table or component");
  const { width, height } = frame;
  const reader = new BitReader(data, scan.at);
  const block = new Float64Array(64);
  let [last, number] = [0, 0];
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8, number++) {
      if (scan.interval > 0 && number > 0 && number % scan.interval === 0) {
        reader.restart((number / scan.interval - 1) % 8);
        last = 0;
      }
      block.fill(0);
      last += reader.signed(sizeOf(dc.read(reader)));
      block[0] = last * steps[0]!;
      for (let k = 1; k < 64; k++) {
        const symbol = ac.read(reader);
        const [run, size] = [symbol >> 4, symbol & 15];
        if (size === 0 && run !== 15) break;
        k += run;
        if (k > 63) throw damaged("damaged: its compressed data are not valid");
        if (size > 0) block[ZIGZAG[k]!] = reader.signed(size) * steps[k]!;
      }
      transform(block);
      for (let y = 0; y < Math.min(8, height - top); y++)
        for (let x = 0; x < Math.min(8, width - left); x++)
          samples[(top + y) * width + left + x] = block[8 * y + x]!;
    }
  }
  return reader.end;
}

function sizeOf(size: number): number {
  if (size > 15) throw damaged("damaged: its compressed data are not valid");
  return size;
}

/** The inverse transform in place: columns with 1 more bit of precision, then rows. */
function transform(block: Float64Array): void {
  for (let x = 0; x < 8; x++) pass(block, x, 8, 12);
  for (let y = 0; y < 64; y += 8) {
    pass(block, y, 1, 17);
    for (let x = y; x < y + 8; x++) block[x] = limited(block[x]!);
  }
}

/** Around the middle level; beyond it the table of libjpeg repeats after 2^14. */
function limited(value: number): number {
  const wrapped = ((value + 8192) & 16383) - 8192;
  return Math.min(Math.max(wrapped + 2048, 0), 4095);
}

/** Eight numbers with the distance `step`, whose result is rounded to multiples of 2^bits. Constants are multiples of 2^-13. */
function pass(block: Float64Array, at: number, step: number, bits: number): void {
  const at8 = (i: number) => block[at + i * step]!;
  const even = (at8(2) + at8(6)) * 4433;
  const low = even - at8(6) * 15137;
  const high = even + at8(2) * 6270;
  const sum = (at8(0) + at8(4)) * 8192;
  const difference = (at8(0) - at8(4)) * 8192;
  const [a, d, b, c] = [sum + high, sum - high, difference + low, difference - low];
  const [t0, t1, t2, t3] = [at8(7), at8(5), at8(3), at8(1)];
  const z5 = (t0 + t2 + t1 + t3) * 9633;
  const z1 = (t0 + t3) * -7373;
  const z2 = (t1 + t2) * -20995;
  const z3 = (t0 + t2) * -16069 + z5;
  const z4 = (t1 + t3) * -3196 + z5;
  const p0 = t0 * 2446 + z1 + z3;
  const p1 = t1 * 16819 + z2 + z4;
  const p2 = t2 * 25172 + z2 + z3;
  const p3 = t3 * 12299 + z1 + z4;
  const put = (i: number, value: number) =>
    (block[at + i * step] = Math.floor((value + 2 ** (bits - 1)) / 2 ** bits));
  put(0, a + p3);
  put(7, a - p3);
  put(1, b + p2);
  put(6, b - p2);
  put(2, c + p1);
  put(5, c - p1);
  put(3, d + p0);
  put(4, d - p0);
}
