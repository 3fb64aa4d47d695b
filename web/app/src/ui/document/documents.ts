/** Documents that a person chooses or drops: their texts, and a table of several of them. */
import type { Contract } from "../../contract/contract";
import type { DocumentCode } from "../../contract/value";
import { DocumentRefusal, documentText, type ReadDocument } from "../../documents";
import type { FileReport } from "../../engine/protocol";
import { csvLine } from "../../engine/results";
import type { NamedFile } from "../picture/files";

/** The files of documents that a browser can choose by their kind. */
export const DOCUMENTS = ".txt,.docx,text/plain";
const TABLES = /\.(csv|tsv)$/i;

/** A document that was not answered. */
export interface RefusedDocument {
  name: string;
  code: DocumentCode;
  /** A sentence. */
  message: string;
}

export interface DocumentTable {
  /** A CSV file with a row for each document that has a text: its name, and the text. */
  file: File;
  refused: RefusedDocument[];
  /** Notes on how documents were read, with their names. */
  notes: ReadonlyMap<string, readonly string[]>;
}

/** The index of the field that a document is for: a text of any length. -1 if there are none or several, or other inputs. */
export function soleText({ inputs, stages }: Contract): number {
  const isLong = stages.some((stage) => stage.field === 0 && stage.type.isMultiline(stage));
  return inputs.length === 1 && isLong ? 0 : -1;
}

/** Whether what was dropped is a table, and not documents. */
export function isTable(files: readonly NamedFile[]): boolean {
  return files.length === 1 && TABLES.test(files[0]!.name);
}

/** The text of a file, or why it has none. */
export async function readDocument({ name, file }: NamedFile): Promise<ReadDocument | RefusedDocument> {
  try {
    return documentText(new Uint8Array(await file.arrayBuffer()));
  } catch (error) {
    if (error instanceof DocumentRefusal)
      return { name, code: error.code, message: `The document "${name}" ${error.message}.` };
    const detail = error instanceof Error ? error.message : String(error);
    return { name, code: "R121", message: `The document "${name}" cannot be read: ${detail}.` };
  }
}

export function isRefused(document: ReadDocument | RefusedDocument): document is RefusedDocument {
  return "code" in document;
}

/** Documents as rows; `field` is the name of the input. Null if `isStopped` says so in between. */
export async function tableOf(
  files: readonly NamedFile[],
  field: string,
  isStopped: () => boolean,
): Promise<DocumentTable | null> {
  const lines = [csvLine([field === "file" ? "document" : "file", field])];
  const refused: RefusedDocument[] = [];
  const notes = new Map<string, string[]>();
  for (const named of files) {
    const document = await readDocument(named);
    if (isStopped()) return null;
    if (isRefused(document)) refused.push(document);
    else {
      lines.push(csvLine([named.name, document.text]));
      if (document.note) notes.set(document.note, [...(notes.get(document.note) ?? []), named.name]);
    }
  }
  return { file: new File(lines, "documents.csv", { type: "text/csv" }), refused, notes };
}

/** The results of a table of documents, followed by those that have no text. */
export function withRefused(
  report: FileReport,
  refused: readonly RefusedDocument[],
  field: string,
): FileReport {
  const lines = refused.map(({ name, code, message }, i) =>
    report.header.map((_, column) =>
      column === 0
        ? String(report.rows + i + 1)
        : column === 1
          ? name
          : column === report.header.length - 1
            ? `[${code}] ${message}`
            : "",
    ),
  );
  const bad = refused.map(({ code, message }, i) => ({ row: report.rows + i + 1, field, code, message }));
  return {
    ...report,
    rows: report.rows + refused.length,
    bad: report.bad + refused.length,
    badRows: [...report.badRows, ...bad],
    preview: [...report.preview, ...lines].slice(0, 100),
    csv: new Blob([report.csv, ...lines.map(csvLine)], { type: "text/csv" }),
  };
}

/** A short list of names. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
