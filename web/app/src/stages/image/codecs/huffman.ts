/** Huffman coding of JPEG (ITU-T T.81 Annex C and F.2.2). */
import { damaged } from "../decode/picture";

const invalid = () => damaged("damaged: its compressed data are not valid");

/** A table of codes: for each 16 bits that may follow, the length of the code and its symbol. */
export class HuffmanTable {
  private readonly lengths = new Uint8Array(1 << 16);
  private readonly symbols = new Uint8Array(1 << 16);

  /** Reads the content of a DHT marker from `at`: the counts of codes of 1 to 16 bits, and the symbols. */
  constructor(content: Uint8Array, at: number) {
    let code = 0;
    let next = at + 16;
    for (let length = 1; length <= 16; length++, code <<= 1) {
      for (let i = 0; i < (content[at + length - 1] ?? 0); i++, code++, next++) {
        const from = code << (16 - length);
        const to = (code + 1) << (16 - length);
        if (next >= content.length || to > 1 << 16) throw invalid();
        this.lengths.fill(length, from, to);
        this.symbols.fill(content[next]!, from, to);
      }
    }
    this.end = next;
  }

  /** Where the next table begins. */
  readonly end: number;

  read(bits: BitReader): number {
    const following = bits.peek16();
    const length = this.lengths[following]!;
    if (length === 0) throw invalid();
    bits.skip(length);
    return this.symbols[following]!;
  }
}

/** The bits of a scan, highest first, without the zeros after bytes of 0xFF. */
export class BitReader {
  private buffer = 0;
  private count = 0;
  /** Bits that were supplied after the end of the data. */
  private missing = 0;

  constructor(
    private readonly data: Uint8Array,
    private at: number,
  ) {}

  peek16(): number {
    while (this.count < 16) this.fill();
    return (this.buffer >>> (this.count - 16)) & 0xffff;
  }

  skip(bits: number): void {
    this.count -= bits;
    if (this.count < this.missing) throw damaged("truncated");
  }

  /** A number of up to 15 bits, and its sign by the rule of T.81 F.2.2.1. */
  signed(bits: number): number {
    if (bits === 0) return 0;
    const value = this.peek16() >>> (16 - bits);
    this.skip(bits);
    return value < 1 << (bits - 1) ? value - (1 << bits) + 1 : value;
  }

  /** Continues after the restart marker with this number, 0 to 7. */
  restart(number: number): void {
    this.buffer = this.count = this.missing = 0;
    while (this.data[this.at] === 0xff && this.data[this.at + 1] === 0xff) this.at++;
    if (this.data[this.at] !== 0xff || this.data[this.at + 1] !== 0xd0 + number) throw invalid();
    this.at += 2;
  }

  /** Where the marker after the scan begins. */
  get end(): number {
    return this.at;
  }

  private fill(): void {
    let byte = this.data[this.at];
    if (byte === 0xff) {
      if (this.data[this.at + 1] === 0) this.at++;
      else byte = undefined; // a marker
    }
    if (byte === undefined) this.missing += 8;
    else this.at++;
    this.buffer = ((this.buffer << 8) | (byte ?? 0)) & 0xffffff;
    this.count += 8;
  }
}
