/** The elements of a DICOM file as a list for display, with those that can identify a person marked. */
import type { HeaderEntry } from "../../base";
import { Bytes } from "../decode/bytes";
import type { Dicom } from "./elements";

/** The character sets of (0008,0005), as browsers name them; others are read as Latin 1. */
const CHARSETS: Partial<Record<string, string>> = {
  "ISO_IR 192": "utf-8",
  "ISO_IR 101": "iso-8859-2",
  "ISO_IR 109": "iso-8859-3",
  "ISO_IR 110": "iso-8859-4",
  "ISO_IR 144": "iso-8859-5",
  "ISO_IR 127": "iso-8859-6",
  "ISO_IR 126": "iso-8859-7",
  "ISO_IR 138": "iso-8859-8",
  "ISO_IR 148": "windows-1254",
  "ISO_IR 166": "windows-874",
  "ISO_IR 13": "shift_jis",
  GB18030: "gb18030",
  GBK: "gbk",
};
const CHARSET = 0x00080005;
const BINARY = ["OB", "OD", "OF", "OL", "OV", "OW", "UN"];
const MOST_CHARACTERS = 300;
const MOST_NUMBERS = 16;

/** How a number is read, and its bytes. */
const NUMBERS: Partial<
  Record<string, [bytes: number, read: (view: DataView, at: number, little: boolean) => number]>
> = {
  US: [2, (view, at, little) => view.getUint16(at, little)],
  SS: [2, (view, at, little) => view.getInt16(at, little)],
  UL: [4, (view, at, little) => view.getUint32(at, little)],
  SL: [4, (view, at, little) => view.getInt32(at, little)],
  FL: [4, (view, at, little) => view.getFloat32(at, little)],
  FD: [8, (view, at, little) => view.getFloat64(at, little)],
};

/**
 * The elements before the pixels. Identifying are those of the Basic Application Level Confidentiality Profile (PS3.15
 * Table E.1-1), private ones, curves, and what overlays contain.
 *
 * @param dictionary lines with the tag, `x` for identifying ones, the value representation and the name.
 */
export function headerOf(file: Dicom, dictionary: string): HeaderEntry[] {
  const known = new Map<number, { isIdentifying: boolean; kind: string; name: string }>();
  for (const line of dictionary.split("\n")) {
    const [tag, mark, kind, ...words] = line.split(" ");
    if (kind) known.set(parseInt(tag!, 16), { isIdentifying: mark === "x", kind, name: words.join(" ") });
  }
  const label = latin(file.values.get(CHARSET)).split("\\").at(-1)!.trim().replace("ISO 2022 IR", "ISO_IR");
  const decoder = new TextDecoder(CHARSETS[label] ?? "windows-1252");
  return [...file.kinds].map(([tag, stated]) => {
    const entry = known.get(tag);
    const group = tag >>> 16;
    const kind = stated || entry?.kind || "UN";
    const isRepeated = group >> 8 === 0x50 || (group >> 8 === 0x60 && (tag & 0xffff) >= 0x3000);
    const hexadecimal = tag.toString(16).padStart(8, "0").toUpperCase();
    return {
      tag: `(${hexadecimal.slice(0, 4)},${hexadecimal.slice(4)})`,
      name: entry?.name ?? (group % 2 ? "Private" : ""),
      kind,
      value: valueOf(file, tag, kind, decoder),
      isIdentifying: entry?.isIdentifying === true || group % 2 === 1 || isRepeated,
    };
  });
}

function valueOf({ values, isLittle }: Dicom, tag: number, kind: string, decoder: TextDecoder): string {
  const bytes = values.get(tag);
  if (!bytes || kind === "SQ") return "sequence, not shown";
  const number = NUMBERS[kind];
  if (number) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = Math.floor(bytes.length / number[0]);
    const listed = Array.from({ length: Math.min(count, MOST_NUMBERS) }, (_, i) =>
      String(number[1](view, i * number[0], isLittle)),
    );
    return listed.join(", ") + (count > MOST_NUMBERS ? ", …" : "");
  }
  if (kind === "AT" && bytes.length >= 4) {
    const pair = new Bytes(bytes, isLittle);
    return [0, 2].map((at) => pair.u16(at).toString(16).padStart(4, "0").toUpperCase()).join(",");
  }
  if (BINARY.includes(kind)) return `${bytes.length.toLocaleString("en")} bytes`;
  const text = decoder
    .decode(bytes)
    .replace(/[\0 ]+$/, "")
    .replaceAll("\\", ", ");
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

function latin(value: Uint8Array | undefined): string {
  return String.fromCharCode(...(value ?? []));
}
