/** Text files: UTF-8, UTF-16 with a byte order mark, or Windows-1252 (spec/DOCUMENTS.md §2). */
import { unknown } from "./refusal";

/** What is said about a text that may have been meant in another encoding. */
const GUESSED = "read as Windows-1252, because it is not UTF-8";

/** The text of a file, and a note on its encoding, which may be empty. Throws a DocumentRefusal. */
export function plainText(data: Uint8Array): { text: string; note: string } {
  const wide =
    data[0] === 0xff && data[1] === 0xfe
      ? "utf-16le"
      : data[0] === 0xfe && data[1] === 0xff
        ? "utf-16be"
        : "";
  const unicode = decoded(data, wide || "utf-8");
  if (unicode !== null && !unicode.includes("\0")) return { text: unicode, note: "" };
  // The five bytes that this encoding does not define, and control characters, show that it is none.
  const isText =
    !wide && !data.some((byte) => (byte < 32 && ![9, 10, 12, 13].includes(byte)) || UNDEFINED.has(byte));
  if (!isText) throw unknown("is not a text in UTF-8, UTF-16 with a byte order mark, or Windows-1252");
  return { text: Array.from(data, charOf).join(""), note: GUESSED };
}

/** The characters of the bytes from 0x80 to 0x9F; Node decodes them as control characters. */
const CHARS = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";
const UNDEFINED: ReadonlySet<number> = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

function charOf(byte: number): string {
  return byte >= 0x80 && byte < 0xa0 ? CHARS[byte - 0x80]! : String.fromCharCode(byte);
}

function decoded(data: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(data); // without the byte order mark
  } catch {
    return null;
  }
}
