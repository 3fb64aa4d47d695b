/** The text of a document: TXT or DOCX, by its bytes and not by its name (spec/DOCUMENTS.md). */
import { docxText } from "./docx";
import { MOST_BYTES, MOST_TEXT } from "./limits";
import { plainText } from "./plainText";
import { broken, locked, unknown } from "./refusal";

export { DocumentRefusal } from "./refusal";

export interface ReadDocument {
  text: string;
  /** What is to be said about how it was read; may be empty. */
  note: string;
}

/** The text of a file. Throws a DocumentRefusal. */
export function documentText(data: Uint8Array): ReadDocument {
  if (data.length > MOST_BYTES)
    throw broken(
      `has ${data.length.toLocaleString("en")} bytes; at most ${MOST_BYTES.toLocaleString("en")} are permitted`,
    );
  const { text, note } = read(data);
  if (text.length > MOST_TEXT) throw broken(`has more than ${MOST_TEXT.toLocaleString("en")} characters`);
  if (!/[^ \t-\r\u00a0\ufeff]/.test(text)) throw locked("contains no text");
  return { text: text.replace(/\r\n?/g, "\n").replace(/\n+$/, ""), note };
}

function read(data: Uint8Array): ReadDocument {
  const starts = (...bytes: number[]) => bytes.every((byte, i) => data[i] === byte);
  if (starts(0x50, 0x4b, 3, 4)) return { text: docxText(data), note: "" };
  if (starts(0xd0, 0xcf, 0x11, 0xe0))
    throw unknown(
      "is a Word document of the old form (DOC), or encrypted; save it as DOCX without a password",
    );
  if (starts(0x7b, 0x5c, 0x72, 0x74, 0x66)) throw unknown("is an RTF document; save it as DOCX or TXT");
  if (starts(0x25, 0x50, 0x44, 0x46, 0x2d)) throw unknown("is a PDF; copy its text, or save it as TXT");
  return plainText(data);
}
