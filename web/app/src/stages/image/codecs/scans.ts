/** Reads the tables and scans of a JPEG whose samples are coded in sequence (ITU-T T.81 Annex B). */
import { Bytes } from "../decode/bytes";
import { damaged } from "../decode/picture";
import { HuffmanTable } from "./huffman";

export interface ScanComponent {
  /** Its place in the frame. */
  index: number;
  /** For coefficients that are not the first; of a lossless JPEG there is none. */
  ac: HuffmanTable | undefined;
  dc: HuffmanTable;
  /** The steps of quantization, in zigzag order. */
  steps: Uint16Array | undefined;
}

export interface Scan {
  components: ScanComponent[];
  /** Ss, which is the predictor of a lossless JPEG, and Se. */
  start: number;
  end: number;
  /** Ah, and Al, which is the point transform of a lossless JPEG. */
  high: number;
  low: number;
  /** The number of units between two restarts; 0 for none. */
  interval: number;
  /** Where the coded data begin. */
  at: number;
}

/** Calls `decode` for each scan; it returns where the scan ends. Throws a Refusal. */
export function eachScan(data: Uint8Array, decode: (scan: Scan) => number): void {
  const file = new Bytes(data);
  const tables = new Map<number, HuffmanTable>();
  const steps = new Map<number, Uint16Array>();
  let names: { name: number; steps: number }[] = [];
  let interval = 0;
  let at = 2;
  for (;;) {
    while (file.u8(at) !== 0xff) at++; // what is left of a scan
    while (file.u8(at) === 0xff) at++;
    const marker = file.u8(at++);
    if (marker === 0xd9) return;
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const content = new Bytes(file.part(at + 2, file.u16(at) - 2));
    at += content.size + 2;
    if (marker === 0xc4) readTables(content, tables);
    else if (marker === 0xdb) readSteps(content, steps);
    else if (marker === 0xdd) interval = content.u16(0);
    else if (marker === 0xc0 || marker === 0xc1 || marker === 0xc3)
      names = Array.from({ length: content.u8(5) }, (_, i) => ({
        name: content.u8(6 + 3 * i),
        steps: content.u8(8 + 3 * i),
      }));
    else if (marker === 0xda) {
      const count = content.u8(0);
      const components = Array.from({ length: count }, (_, i): ScanComponent => {
        const index = names.findIndex(({ name }) => name === content.u8(1 + 2 * i));
        const selected = content.u8(2 + 2 * i);
        const dc = tables.get(selected >> 4);
        if (index < 0 || !dc) throw damaged("damaged: a scan has no table or component");
        const ac = tables.get(16 + (selected & 15));
        return { index, dc, ac, steps: steps.get(names[index]!.steps) };
      });
      const [start, end, approximation] = [1, 2, 3].map((i) => content.u8(i + 2 * count));
      const [high, low] = [approximation! >> 4, approximation! & 15];
      at = decode({ components, start: start!, end: end!, high, low, interval, at });
    }
  }
}

function readTables(content: Bytes, tables: Map<number, HuffmanTable>): void {
  for (let at = 0; at < content.size;) {
    const place = content.u8(at);
    const table = new HuffmanTable(content.data, at + 1);
    tables.set((place >> 4) * 16 + (place & 15), table);
    at = table.end;
  }
}

function readSteps(content: Bytes, steps: Map<number, Uint16Array>): void {
  for (let at = 0; at < content.size;) {
    const place = content.u8(at++);
    const bytes = place >> 4 ? 2 : 1;
    const own = Uint16Array.from({ length: 64 }, (_, i) =>
      bytes === 2 ? content.u16(at + 2 * i) : content.u8(at + i),
    );
    steps.set(place & 15, own);
    at += 64 * bytes;
  }
}
