/** Colours of DICOM files as red, green and blue: from YCbCr, and from a palette (PS3.3 C.7.6.3.1). */
import { Bytes } from "../decode/bytes";
import { damaged, unsupported } from "../decode/picture";
import type { Dicom } from "./elements";
import type { Values } from "./window";

/** The tags of the descriptors of red, green and blue, and of their data. */
const DESCRIPTORS = [0x00281101, 0x00281102, 0x00281103];
const TABLES = [0x00281201, 0x00281202, 0x00281203];
const SEGMENTED = 0x00281221;

/** The colours of YCbCr, in the integers of libjpeg. */
export function fromYcc(levels: Uint8Array): Uint8Array {
  const made = new Uint8ClampedArray(levels.length);
  for (let at = 0; at < levels.length; at += 3) {
    const [y, cb, cr] = [levels[at]!, levels[at + 1]! - 128, levels[at + 2]! - 128];
    made[at] = y + ((91881 * cr + 32768) >> 16);
    made[at + 1] = y + ((-22554 * cb - 46802 * cr + 32768) >> 16);
    made[at + 2] = y + ((116130 * cb + 32768) >> 16);
  }
  return new Uint8Array(made.buffer);
}

/** The pixels of YBR_FULL_422: each two have a common Cb and Cr, after both of their Y. */
export function from422(packed: Uint8Array): Uint8Array {
  const made = new Uint8Array((packed.length / 2) * 3);
  for (let from = 0, to = 0; from < packed.length; from += 4, to += 6)
    made.set(
      [0, 2, 3, 1, 2, 3].map((i) => packed[from + i]!),
      to,
    );
  return made;
}

/** The colours of stored values; entries of 16 bits keep their higher byte. Throws a Refusal. */
export function fromPalette(values: Values, { values: elements, isLittle }: Dicom, isSigned: boolean) {
  if (elements.has(SEGMENTED) && !elements.has(TABLES[0]!))
    throw unsupported("a DICOM file with a segmented palette");
  const made = new Uint8Array(values.length * 3);
  DESCRIPTORS.forEach((tag, channel) => {
    const [descriptor, data] = [elements.get(tag), elements.get(TABLES[channel]!)];
    if (!descriptor || descriptor.length < 6 || !data) throw damaged("damaged: it has no palette");
    const numbers = new Bytes(descriptor, isLittle);
    const count = numbers.u16(0) || 1 << 16;
    const first = isSigned ? (numbers.u16(2) << 16) >> 16 : numbers.u16(2);
    const bits = numbers.u16(4);
    if ((bits !== 8 && bits !== 16) || data.length < (count * bits) / 8)
      throw damaged("damaged: its palette does not have the described length");
    const isWide = data.length >= 2 * count;
    // Of an entry of 16 bits the higher byte, of one of 8 bits in 16 the lower one.
    const place = isWide && (bits === 16) === isLittle ? 1 : 0;
    for (let i = 0; i < values.length; i++) {
      const entry = Math.min(Math.max(values[i]! - first, 0), count - 1);
      made[3 * i + channel] = data[isWide ? 2 * entry + place : entry]!;
    }
  });
  return made;
}
