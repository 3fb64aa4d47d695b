/** Decodes the first picture of a GIF file (GIF89a). */
import { Bytes } from "./bytes";
import { checkSize, damaged, type Picture } from "./picture";

interface Found {
  at: number;
  palette: Uint8Array | null;
  transparent: number | null;
  frames: number;
}

export function decodeGif(data: Uint8Array): Picture {
  const file = new Bytes(data, true);
  const screen = { width: file.u16(6), height: file.u16(8) };
  const flags = file.u8(10);
  const size = flags & 128 ? 3 << ((flags & 7) + 1) : 0;
  const start = firstImage(file, 13 + size);
  const { at } = start;
  const [left, top, columns, rows] = [file.u16(at), file.u16(at + 2), file.u16(at + 4), file.u16(at + 6)];
  // A picture beyond the screen makes it larger, as in Pillow.
  const [width, height] = [Math.max(screen.width, left + columns), Math.max(screen.height, top + rows)];
  checkSize({ width, height });
  checkSize({ width: columns, height: rows });
  const local = file.u8(at + 8);
  const localSize = local & 128 ? 3 << ((local & 7) + 1) : 0;
  const own = localSize > 0 ? file.part(at + 9, localSize) : size > 0 ? file.part(13, size) : null;
  const palette = own && isNeeded(own) ? own : null;
  const positions = lzw(file, at + 9 + localSize, columns * rows);
  const levels = new Uint8Array(width * height).fill(start.transparent ?? 0);
  const order = local & 64 ? interlaced(rows) : null;
  for (let y = 0; y < rows; y++) {
    const to = (top + (order ? order[y]! : y)) * width + left;
    levels.set(positions.subarray(y * columns, (y + 1) * columns), to);
  }
  return {
    format: "GIF",
    width,
    height,
    mode: palette ? "P" : "L",
    data: levels,
    ...(palette ? { palette } : {}),
    ...(start.transparent === null ? {} : { transparency: start.transparent }),
    orientation: 1,
    frames: framesFrom(file, at + 9 + localSize),
  };
}

/** The first image and what precedes it. */
function firstImage(file: Bytes, from: number): Found {
  let transparent: number | null = null;
  for (let at = from; ;) {
    const kind = file.u8(at++);
    if (kind === 0x2c) return { at, palette: null, transparent, frames: 1 };
    if (kind === 0x3b) throw damaged("damaged: it has no picture");
    if (kind !== 0x21) continue;
    if (file.u8(at) === 249 && file.u8(at + 1) >= 4)
      transparent = file.u8(at + 2) & 1 ? file.u8(at + 5) : transparent;
    at = afterBlocks(file, at + 1);
  }
}

/** The number of pictures, of which the first has its data at `at`; those before damage are counted. */
function framesFrom(file: Bytes, at: number): number {
  let frames = 1;
  try {
    at = afterBlocks(file, at + 1);
    for (;;) {
      const kind = file.u8(at++);
      if (kind === 0x3b) return frames;
      if (kind === 0x21) at = afterBlocks(file, at + 1);
      else if (kind === 0x2c) {
        const flags = file.u8(at + 8);
        at = afterBlocks(file, at + 10 + (flags & 128 ? 3 << ((flags & 7) + 1) : 0));
        frames++;
      }
    }
  } catch {
    return frames;
  }
}

function afterBlocks(file: Bytes, at: number): number {
  for (;;) {
    const size = file.u8(at++);
    if (size === 0) return at;
    at += size;
  }
}

/** Whether a palette is more than a scale of grey in which each position is its own level. */
function isNeeded(palette: Uint8Array): boolean {
  return palette.some((level, i) => level !== Math.floor(i / 3));
}

/** For each row of an interlaced picture, in the order of the file, its place. */
function interlaced(rows: number): number[] {
  const passes = [[0, 8] as const, [4, 8] as const, [2, 4] as const, [1, 2] as const];
  return passes.flatMap(([first, step]) =>
    Array.from({ length: Math.max(0, Math.ceil((rows - first) / step)) }, (_, i) => first + i * step),
  );
}

/** The first `size` values of the LZW data in blocks at `from`. */
function lzw(file: Bytes, from: number, size: number): Uint8Array {
  const bits = file.u8(from);
  if (bits < 1 || bits > 11) throw damaged("damaged: its compressed data are not valid");
  const made = new Uint8Array(size);
  const [clear, end] = [1 << bits, (1 << bits) + 1];
  // Of each code: the code without its last value, the last value, and the number of values.
  const [before, last, count] = [new Int16Array(4096), new Uint8Array(4096), new Uint16Array(4096)];
  for (let code = 0; code < clear; code++) [before[code], last[code], count[code]] = [-1, code, 1];
  let [next, width, previous] = [end + 1, bits + 1, -1];
  let [held, heldBits] = [0, 0];
  let [at, left] = [from + 1, 0];
  for (let to = 0; to < size;) {
    while (heldBits < width) {
      if (left === 0) {
        left = file.u8(at++);
        if (left === 0) throw damaged("truncated");
      }
      held |= file.u8(at++) << heldBits;
      heldBits += 8;
      left--;
    }
    const code = held & ((1 << width) - 1);
    held >>>= width;
    heldBits -= width;
    if (code === clear) {
      [next, width, previous] = [end + 1, bits + 1, -1];
      continue;
    }
    if (code === end) throw damaged("truncated");
    if (code > next || (code === next && previous < 0))
      throw damaged("damaged: its compressed data are not valid");
    if (previous >= 0 && next < 4096) {
      before[next] = previous;
      count[next] = count[previous]! + 1;
      // The first value of this code; if the code is the new one, that of the previous code.
      let first = code === next ? previous : code;
      while (before[first]! >= 0) first = before[first]!;
      last[next] = last[first]!;
      next++;
      if (next === 1 << width && width < 12) width++;
    } else if (code === next) throw damaged("damaged: its compressed data are not valid");
    const stop = to + count[code]!;
    for (let one = code, place = stop - 1; place >= to; place--) {
      if (place < size) made[place] = last[one]!;
      one = before[one]!;
    }
    to = stop;
    previous = code;
  }
  return made;
}
