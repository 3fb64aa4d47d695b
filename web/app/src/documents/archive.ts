/** ZIP archives as Word writes them, with limits that a decompression bomb exceeds (spec/DOCUMENTS.md §3). */
import { deflated, InflateError } from "../inflate";
import { crc32 } from "../seal/bytes";
import { MOST_ENTRIES, MOST_PART, MOST_PARTS } from "./limits";
import { broken, locked } from "./refusal";

const [END, CENTRAL, LOCAL] = [0x06054b50, 0x02014b50, 0x04034b50];
const END_SIZE = 22;

interface Entry {
  isEncrypted: boolean;
  method: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

export class Archive {
  private readonly entries = new Map<string, Entry>();
  private readonly view: DataView;
  private read = 0;

  /** Reads the directory of an archive. Throws a DocumentRefusal. */
  constructor(private readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const { view } = this;
    let end = data.length - END_SIZE;
    while (end >= 0 && end >= data.length - END_SIZE - 0xffff && view.getUint32(end, true) !== END) end--;
    if (end < 0 || view.getUint32(end, true) !== END) throw damaged();
    const count = view.getUint16(end + 10, true);
    if (count > MOST_ENTRIES) throw broken(`has ${count} parts; at most ${MOST_ENTRIES} are permitted`);
    let at = view.getUint32(end + 16, true);
    for (let i = 0; i < count; i++) {
      if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) throw damaged();
      const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
      const number = (place: number) => view.getUint32(at + place, true);
      const spelled = new TextDecoder().decode(data.subarray(at + 46, at + 46 + name!));
      if (this.entries.has(spelled)) throw damaged();
      this.entries.set(spelled, {
        isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
        method: view.getUint16(at + 10, true),
        crc: number(16),
        packed: number(20),
        size: number(24),
        offset: number(42),
      });
      at += 46 + name! + extra! + comment!;
    }
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** The content of a part. Throws a DocumentRefusal. */
  part(name: string): Uint8Array {
    const entry = this.entries.get(name);
    if (!entry) throw broken(`has no part ${name}`);
    if (entry.isEncrypted) throw locked("is encrypted");
    this.read += entry.size;
    if (entry.size > MOST_PART || this.read > MOST_PARTS)
      throw broken("is larger than permitted when it is unpacked");
    const { view, data } = this;
    if (entry.offset + 30 > data.length || view.getUint32(entry.offset, true) !== LOCAL) throw damaged();
    const start =
      entry.offset + 30 + view.getUint16(entry.offset + 26, true) + view.getUint16(entry.offset + 28, true);
    const packed = data.subarray(start, start + entry.packed);
    if (packed.length !== entry.packed) throw damaged();
    const content = unpacked(packed, entry);
    if (content.length !== entry.size || crc32(content) !== entry.crc) throw damaged();
    return content;
  }
}

function unpacked(packed: Uint8Array, { method, size }: Entry): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) throw damaged();
  try {
    return deflated(packed, size);
  } catch (error) {
    throw error instanceof InflateError ? damaged() : error;
  }
}

function damaged() {
  return broken("is damaged: its parts cannot be unpacked");
}
