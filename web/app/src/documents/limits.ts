/** Limits of documents (spec/DOCUMENTS.md §1). */

/** Bytes of a file. */
export const MOST_BYTES = 1 << 26;
/** Characters (UTF-16 code units) of a text. */
export const MOST_TEXT = 1 << 24;
/** Entries of an archive, and bytes of one of its parts. */
export const MOST_ENTRIES = 4096;
export const MOST_PART = 1 << 25;
/** Bytes of all parts that are read. */
export const MOST_PARTS = 1 << 26;
/** Elements within one another. */
export const MOST_DEPTH = 256;
