/**
 * Why a file has no text (spec/DOCUMENTS.md §1): R121 if it is of no known format or encoding, R122 if it is damaged or
 * beyond a limit, R123 if it is encrypted or without text.
 */
import type { DocumentCode } from "../contract/value";

/** Thrown for a file without a readable text. `message` completes the sentence "The document …". */
export class DocumentRefusal extends Error {
  constructor(
    readonly code: DocumentCode,
    message: string,
  ) {
    super(message);
    this.name = "DocumentRefusal";
  }
}

export const unknown = (what: string) => new DocumentRefusal("R121", what);
export const broken = (what: string) => new DocumentRefusal("R122", what);
export const locked = (what: string) => new DocumentRefusal("R123", what);
