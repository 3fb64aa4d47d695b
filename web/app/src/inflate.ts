/**
 * Decompresses zlib data (RFC 1950, 1951) into a known number of bytes. DecompressionStream of the browser fails where
 * bytes follow the stream, which files have, and cannot be stopped at a number of bytes.
 */

/** Thrown for data that are not valid; `message` completes "It is …". */
export class InflateError extends Error {}

const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115];
const LENGTH_BASE = [...LENGTHS, 131, 163, 195, 227, 258];
const LENGTH_BITS = [
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3],
  ...[4, 4, 4, 4, 5, 5, 5, 5, 0],
];
const DISTANCE_BASE = Array.from({ length: 30 }, (_, i) =>
  i < 4 ? i + 1 : ((2 + (i & 1)) << ((i >> 1) - 1)) + 1,
);
const DISTANCE_BITS = Array.from({ length: 30 }, (_, i) => (i < 4 ? 0 : (i >> 1) - 1));
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MOST_BITS = 15;

/** For the next 15 bits: the symbol, shifted left by 4, and the number of its bits; 0 for no symbol. */
type Table = Uint16Array;

function tableOf(lengths: ArrayLike<number>): Table {
  const counts = new Uint16Array(MOST_BITS + 1);
  for (let i = 0; i < lengths.length; i++) counts[lengths[i]!]!++;
  counts[0] = 0;
  const next = new Uint16Array(MOST_BITS + 2);
  let left = 1;
  for (let bits = 1; bits <= MOST_BITS; bits++) {
    left = 2 * left - counts[bits]!;
    if (left < 0) throw new InflateError("damaged: a table of its compressed data is not valid");
    next[bits + 1] = (next[bits]! + counts[bits]!) << 1;
  }
  const table = new Uint16Array(1 << MOST_BITS);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const bits = lengths[symbol]!;
    if (bits === 0) continue;
    const code = reversed(next[bits]!++, bits);
    for (let at = code; at < table.length; at += 1 << bits) table[at] = (symbol << 4) | bits;
  }
  return table;
}

function reversed(code: number, bits: number): number {
  let made = 0;
  for (let i = 0; i < bits; i++) made |= ((code >> i) & 1) << (bits - 1 - i);
  return made;
}

let fixed: [Table, Table] | null = null;

function fixedTables(): [Table, Table] {
  const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
  return (fixed ??= [tableOf(lengths), tableOf(new Array<number>(30).fill(5))]);
}

/** The bits of the compressed data; beyond its end they are 0. */
class Bits {
  private held = 0;
  private count = 0;

  constructor(
    readonly data: Uint8Array,
    private at: number,
  ) {}

  get isOver(): boolean {
    return this.at - (this.count >> 3) > this.data.length;
  }

  read(bits: number): number {
    this.fill(bits);
    const value = this.held & ((1 << bits) - 1);
    this.drop(bits);
    return value;
  }

  symbol(table: Table): number {
    this.fill(MOST_BITS);
    const entry = table[this.held & (table.length - 1)]!;
    if (entry === 0) throw new InflateError("damaged: its compressed data are not valid");
    this.drop(entry & 15);
    return entry >> 4;
  }

  /** The next bytes as they are, from the next whole byte on. */
  bytes(): { from: number; size: number } {
    this.drop(this.count & 7);
    this.at -= this.count >> 3;
    this.held = this.count = 0;
    const { data, at } = this;
    if (at + 4 > data.length) throw new InflateError("truncated");
    const size = data[at]! | (data[at + 1]! << 8);
    if ((size ^ (data[at + 2]! | (data[at + 3]! << 8))) !== 0xffff)
      throw new InflateError("damaged: its compressed data are not valid");
    this.at += 4 + size;
    return { from: at + 4, size };
  }

  private fill(bits: number): void {
    while (this.count < bits) {
      this.held |= (this.data[this.at++] ?? 0) << this.count;
      this.count += 8;
    }
  }

  private drop(bits: number): void {
    this.held >>>= bits;
    this.count -= bits;
  }
}

/** The first `size` bytes of a zlib stream. Throws an InflateError if it has fewer. */
export function inflated(data: Uint8Array, size: number): Uint8Array {
  const made = new Uint8Array(size);
  if (data.length < 2) throw new InflateError("truncated");
  if ((data[0]! & 15) !== 8 || ((data[0]! << 8) | data[1]!) % 31 !== 0 || data[1]! & 32)
    throw new InflateError("damaged: its compressed data are not valid");
  return unpacked(new Bits(data, 2), made);
}

/** The first `size` bytes of a stream of RFC 1951, without the frame of zlib. Throws an InflateError if it has fewer. */
export function deflated(data: Uint8Array, size: number): Uint8Array {
  return unpacked(new Bits(data, 0), new Uint8Array(size));
}

function unpacked(bits: Bits, made: Uint8Array): Uint8Array {
  const { data } = bits;
  let to = 0;
  for (let isLast = false; !isLast && to < made.length;) {
    isLast = bits.read(1) === 1;
    const kind = bits.read(2);
    if (kind === 3) throw new InflateError("damaged: its compressed data are not valid");
    if (kind === 0) {
      const { from, size: count } = bits.bytes();
      const part = data.subarray(from, from + Math.min(count, made.length - to));
      made.set(part, to);
      to += part.length;
      if (from + count > data.length && to < made.length) throw new InflateError("truncated");
    } else to = block(bits, kind === 1 ? fixedTables() : readTables(bits), made, to);
  }
  if (to < made.length) throw new InflateError("truncated");
  return made;
}

function readTables(bits: Bits): [Table, Table] {
  const [literals, distances, codes] = [bits.read(5) + 257, bits.read(5) + 1, bits.read(4) + 4];
  const sizes = new Uint8Array(19);
  for (let i = 0; i < codes; i++) sizes[ORDER[i]!] = bits.read(3);
  const table = tableOf(sizes);
  const lengths = new Uint8Array(literals + distances);
  for (let at = 0; at < lengths.length;) {
    const symbol = bits.symbol(table);
    if (symbol < 16) {
      lengths[at++] = symbol;
      continue;
    }
    if (symbol === 16 && at === 0) throw new InflateError("damaged: its compressed data are not valid");
    const value = symbol === 16 ? lengths[at - 1]! : 0;
    const times = symbol === 16 ? 3 + bits.read(2) : symbol === 17 ? 3 + bits.read(3) : 11 + bits.read(7);
    if (at + times > lengths.length) throw new InflateError("damaged: its compressed data are not valid");
    lengths.fill(value, at, at + times);
    at += times;
  }
  return [tableOf(lengths.subarray(0, literals)), tableOf(lengths.subarray(literals))];
}

/** Decodes one block to `made` from `to` on; returns the position after it, which is at most the end. */
function block(bits: Bits, [literals, distances]: [Table, Table], made: Uint8Array, to: number): number {
  for (;;) {
    const symbol = bits.symbol(literals);
    if (symbol === 256) return to;
    if (bits.isOver) throw new InflateError("truncated");
    if (symbol < 256) {
      made[to++] = symbol;
    } else {
      const place = symbol - 257;
      if (place >= LENGTH_BASE.length) throw new InflateError("damaged: its compressed data are not valid");
      const length = LENGTH_BASE[place]! + bits.read(LENGTH_BITS[place]!);
      const code = bits.symbol(distances);
      if (code >= DISTANCE_BASE.length) throw new InflateError("damaged: its compressed data are not valid");
      const distance = DISTANCE_BASE[code]! + bits.read(DISTANCE_BITS[code]!);
      if (distance > to) throw new InflateError("damaged: its compressed data are not valid");
      const end = Math.min(to + length, made.length);
      for (; to < end; to++) made[to] = made[to - distance]!;
    }
    if (to >= made.length) return to;
  }
}
