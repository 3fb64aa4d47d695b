/** Reads the directory of the first picture of a TIFF file (TIFF 6.0). */
import { Bytes } from "../bytes";
import { damaged, unsupported } from "../picture";

/** For a type of values, its number of bytes: BYTE, ASCII, SHORT, LONG, RATIONAL … */
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
/** The types that are unsigned whole numbers. */
const WHOLE = [1, 3, 4];
const MOST_VALUES = 1 << 20;

export interface Directory {
  file: Bytes;
  isLittle: boolean;
  /** The values of a tag, which are whole numbers; `instead` if the file does not have it. */
  values(tag: number, instead?: readonly number[]): readonly number[];
  frames: number;
}

export function readDirectory(data: Uint8Array): Directory {
  const isLittle = data[0] === 0x49;
  const file = new Bytes(data, isLittle);
  if (file.u16(2) === 43) throw unsupported("a BigTIFF");
  const start = file.u32(4);
  const tags = new Map<number, { type: number; count: number; at: number }>();
  const count = file.u16(start);
  for (let i = 0; i < count; i++) {
    const at = start + 2 + 12 * i;
    const [type, values] = [file.u16(at + 2), file.u32(at + 4)];
    const size = (SIZES[type] ?? 0) * values;
    tags.set(file.u16(at), { type, count: values, at: size <= 4 ? at + 8 : file.u32(at + 8) });
  }
  const values = (tag: number, instead: readonly number[] = []) => {
    const values = tags.get(tag);
    if (!values || !WHOLE.includes(values.type)) return instead;
    if (values.count > MOST_VALUES) throw damaged("damaged: its directory is not valid");
    const read = values.type === 1 ? "u8" : values.type === 3 ? "u16" : "u32";
    return Array.from({ length: values.count }, (_, i) => file[read](values.at + i * SIZES[values.type]!));
  };
  return { file, isLittle, values, frames: framesFrom(file, start) };
}

/** The number of directories, which form a list. */
function framesFrom(file: Bytes, start: number): number {
  const seen = new Set<number>();
  try {
    for (let at = start; at !== 0 && !seen.has(at);) {
      seen.add(at);
      at = file.u32(at + 2 + 12 * file.u16(at));
    }
  } catch {
    // A damaged directory after the first one does not matter.
  }
  return seen.size;
}
