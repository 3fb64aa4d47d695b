/** Texts of documents, as in Python (spec/vectors/documents.json). */
import { expect, it } from "vitest";
import { DocumentRefusal, documentText } from "../src/documents";
import { readJson } from "./vectors";

interface Case {
  why: string;
  file: string;
  text?: string;
  note?: string;
  code?: string;
}
const { cases } = readJson("spec/vectors/documents.json") as { cases: Case[] };

it.each(cases)("$why", ({ file, text, note, code }) => {
  const data = new Uint8Array(Buffer.from(file, "base64"));
  if (code === undefined) {
    expect(documentText(data)).toEqual({ text, note });
    return;
  }
  let refusal: unknown;
  try {
    documentText(data);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(DocumentRefusal);
  expect((refusal as DocumentRefusal).code).toBe(code);
});

it("refuses a file that is too large before it is read", () => {
  expect(() => documentText(new Uint8Array((1 << 26) + 1))).toThrow(/67,108,865 bytes/);
});
