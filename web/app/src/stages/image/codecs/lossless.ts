/** Decodes lossless JPEG: process 14 with all predictors (ITU-T T.81 Annex H). */
import { damaged } from "../decode/picture";
import type { Codestream } from "../dicom/codecs";
import { BitReader } from "./huffman";
import { eachScan, type Scan } from "./scans";

/** The samples pixel by pixel, as unsigned numbers. Throws a Refusal. */
export function decodeLossless(data: Uint8Array, frame: Codestream): Uint8Array | Uint16Array {
  const { width, height, components, bits } = frame;
  const count = width * height * components;
  const samples = bits > 8 ? new Uint16Array(count) : new Uint8Array(count);
  const decoded = new Set<number>();
  eachScan(data, (scan) => {
    for (const { index } of scan.components) decoded.add(index);
    return decodeScan(data, frame, scan, samples);
  });
  if (decoded.size < components) throw damaged("truncated");
  return samples;
}

function decodeScan(
  data: Uint8Array,
  { width, height, components, bits }: Codestream,
  { components: own, start, end, high, low, interval, at }: Scan,
  samples: Uint8Array | Uint16Array,
): number {
  const rows = interval / width; // a restart is at the beginning of a row
  if (start < 1 || start > 7 || end > 0 || high > 0 || low >= bits || !Number.isInteger(rows))
    throw damaged("damaged: a scan has parameters that are not valid");
  const reader = new BitReader(data, at);
  const [places, tables] = [own.map(({ index }) => index), own.map(({ dc }) => dc)];
  // The rows before the point transform: those above and the current one.
  let above = places.map(() => new Int32Array(width));
  let current = places.map(() => new Int32Array(width));
  for (let y = 0; y < height; y++) {
    const isFirst = y === 0 || (rows > 0 && y % rows === 0);
    if (isFirst && y > 0) reader.restart((y / rows - 1) % 8);
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < tables.length; c++) {
        const size = tables[c]!.read(reader);
        if (size > 16) throw damaged("damaged: its compressed data are not valid");
        const difference = size === 16 ? 32768 : reader.signed(size);
        const [row, upper] = [current[c]!, above[c]!];
        const guess =
          x === 0
            ? isFirst
              ? 1 << (bits - low - 1)
              : upper[0]!
            : isFirst
              ? row[x - 1]!
              : predicted(start, row[x - 1]!, upper[x]!, upper[x - 1]!);
        const value = (guess + difference) & 0xffff;
        row[x] = value;
        samples[(y * width + x) * components + places[c]!] = value << low;
      }
    }
    [above, current] = [current, above];
  }
  return reader.end;
}

/** The prediction from the samples to the left, above, and above to the left. */
function predicted(kind: number, left: number, above: number, corner: number): number {
  switch (kind) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return corner;
    case 4:
      return left + above - corner;
    case 5:
      return left + ((above - corner) >> 1);
    case 6:
      return above + ((left - corner) >> 1);
    default:
      return (left + above) >> 1;
  }
}
