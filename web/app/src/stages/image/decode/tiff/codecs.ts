/** Decompresses the strips and tiles of TIFF: LZW and PackBits. */
import { damaged } from "../picture";

/** The first `size` bytes of data compressed by LZW, with codes from the highest bit on. */
export function lzw(data: Uint8Array, size: number): Uint8Array {
  const made = new Uint8Array(size);
  // Of each code: where in `made` its values are, and how many.
  const [from, count] = [new Uint32Array(4097), new Uint32Array(4097)];
  let [next, width, previous] = [258, 9, -1];
  let [held, bits, at, to] = [0, 0, 0, 0];
  let [lastFrom, lastCount] = [0, 0];
  while (to < size) {
    while (bits < width) {
      if (at >= data.length) throw damaged("truncated");
      held = ((held << 8) | data[at++]!) & 0xffffff;
      bits += 8;
    }
    const code = (held >> (bits - width)) & ((1 << width) - 1);
    bits -= width;
    if (code === 257) break;
    if (code === 256) {
      [next, width, previous] = [258, 9, -1];
      continue;
    }
    const isNew = code === next;
    if (code > next || (isNew && previous < 0) || (previous < 0 && code > 255))
      throw damaged("damaged: its compressed data are not valid");
    const start = to;
    if (code < 256) made[to++] = code;
    else {
      const [source, length] = isNew ? [lastFrom, lastCount + 1] : [from[code]!, count[code]!];
      for (let i = 0; i < length && to < size; i++) made[to++] = made[source + i]!;
    }
    if (previous >= 0 && next < 4096) {
      // The new code is the previous one and the first value of this one, which follows it in `made`.
      [from[next], count[next]] = [lastFrom, lastCount + 1];
      next++;
      if (next === (1 << width) - 1 && width < 12) width++;
    }
    [lastFrom, lastCount, previous] = [start, to - start, code];
  }
  if (to < size) throw damaged("truncated");
  return made;
}

/** The first `size` bytes of data compressed by PackBits. */
export function packBits(data: Uint8Array, size: number): Uint8Array {
  const made = new Uint8Array(size);
  let [at, to] = [0, 0];
  while (to < size) {
    if (at >= data.length) throw damaged("truncated");
    const head = data[at++]!;
    if (head === 128) continue;
    if (head < 128) {
      const part = data.subarray(at, at + Math.min(head + 1, size - to));
      if (part.length < Math.min(head + 1, size - to)) throw damaged("truncated");
      made.set(part, to);
      to += part.length;
      at += head + 1;
    } else {
      if (at >= data.length) throw damaged("truncated");
      const end = Math.min(to + 257 - head, size);
      made.fill(data[at++]!, to, end);
      to = end;
    }
  }
  return made;
}
