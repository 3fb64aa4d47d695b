/** Reads numbers from the bytes of a picture file; reading beyond the end means that the file is truncated. */
import { damaged } from "./picture";

export class Bytes {
  private readonly view: DataView;

  constructor(
    readonly data: Uint8Array,
    private readonly little = false,
  ) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get size(): number {
    return this.data.length;
  }

  u8(at: number): number {
    this.check(at, 1);
    return this.data[at]!;
  }

  u16(at: number): number {
    this.check(at, 2);
    return this.view.getUint16(at, this.little);
  }

  u32(at: number): number {
    this.check(at, 4);
    return this.view.getUint32(at, this.little);
  }

  i32(at: number): number {
    this.check(at, 4);
    return this.view.getInt32(at, this.little);
  }

  /** The characters of `count` bytes. */
  text(at: number, count: number): string {
    return String.fromCharCode(...this.part(at, count));
  }

  part(at: number, count: number): Uint8Array {
    this.check(at, count);
    return this.data.subarray(at, at + count);
  }

  private check(at: number, count: number): void {
    if (at < 0 || count < 0 || at + count > this.data.length) throw damaged("truncated");
  }
}
