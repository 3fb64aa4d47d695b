/** Decodes picture files with the levels of Pillow (spec/IMAGE.md §5). The format follows from the bytes, not the name. */
import { decodeBmp } from "./bmp";
import { decodedByBrowser } from "./browser";
import { decodeGif } from "./gif";
import { readJpeg } from "./jpeg";
import { Refusal, unsupported, type Picture } from "./picture";
import { decodePng } from "./png";
import { decodeTiff } from "./tiff";
import { readWebp } from "./webp";

export { Refusal, type Picture } from "./picture";

/** The maximum number of bytes of a file (spec/IMAGE.md §8). */
const MOST_BYTES = 1 << 29;

type Decoder = (data: Uint8Array<ArrayBuffer>) => Picture | Promise<Picture>;

const FORMATS: readonly (readonly [start: RegExp, decode: Decoder])[] = [
  [/^\x89PNG\r\n\x1a\n/, decodePng],
  [/^\xff\xd8\xff/, decodeJpeg],
  [/^RIFF[^]{4}WEBP/, decodeWebp],
  [/^GIF8[79]a/, decodeGif],
  [/^BM/, decodeBmp],
  [/^(II[*+]\0|MM\0[*+])/, decodeTiff],
];

/** What files are that people have and that are not decoded. */
const OTHERS: readonly (readonly [start: RegExp, name: string])[] = [
  [/^[^]{4}ftypavi[fs]/, "an AVIF picture"],
  [/^[^]{4}ftyp(heic|heix|hevc|mif1|msf1)/, "a HEIC picture"],
  [/^[^]{4}ftyp/, "a video"],
  [/^(\xff\x0a|\0\0\0\x0cJXL )/, "a JPEG XL picture"],
  [/^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, "a JPEG 2000 picture"],
  [/^%PDF/, "a PDF document"],
  [/^8BPS/, "a Photoshop document"],
  [/^PK\x03\x04/, "a ZIP archive or an office document"],
  [/^(\s|\xef\xbb\xbf)*<(\?xml|svg|!DOCTYPE svg)/i, "an SVG or XML document"],
];

/** The first picture of a file. Throws a Refusal if it has none that is decoded exactly. */
export async function decode(data: Uint8Array<ArrayBuffer>): Promise<Picture> {
  if (data.length === 0) throw new Refusal("unknown", "is an empty file");
  if (data.length > MOST_BYTES) throw new Refusal("large", `has more than ${MOST_BYTES >> 20} MB`);
  if (String.fromCharCode(...data.subarray(128, 132)) === "DICM")
    throw new Refusal("unknown", "is a DICOM file, which this model does not take");
  const start = String.fromCharCode(...data.subarray(0, 64));
  const format = FORMATS.find(([first]) => first.test(start));
  if (format) return format[1](data);
  const other = OTHERS.find(([first]) => first.test(start));
  throw new Refusal(
    "unknown",
    other ? `is ${other[1]}; save it as PNG` : "is not a PNG, JPEG, WebP, BMP, GIF or TIFF file",
  );
}

async function decodeJpeg(data: Uint8Array<ArrayBuffer>): Promise<Picture> {
  const { width, height, components, orientation, plain } = readJpeg(data);
  const levels = await decodedByBrowser(plain, "image/jpeg", { width, height });
  const base = { format: "JPEG", width, height, orientation, frames: 1 };
  if (components === 3) return { ...base, mode: "RGB", data: levels };
  return { ...base, mode: "L", data: Uint8Array.from({ length: width * height }, (_, i) => levels[3 * i]!) };
}

async function decodeWebp(data: Uint8Array<ArrayBuffer>): Promise<Picture> {
  const { width, height, orientation, hasAlpha, frames, plain } = readWebp(data);
  if (plain.length > data.length + 1) throw unsupported("a WebP of an unusual structure");
  const levels = await decodedByBrowser(plain, "image/webp", { width, height });
  const base = { format: "WEBP", width, height, orientation, frames };
  return hasAlpha ? { ...base, mode: "RGBA", data: opaque(levels) } : { ...base, mode: "RGB", data: levels };
}

/** RGB with an alpha of 255. */
function opaque(levels: Uint8Array): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array((levels.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < levels.length; from += 3, to += 4)
    made.set(levels.subarray(from, from + 3), to);
  return made;
}
