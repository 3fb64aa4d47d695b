/** Reads CSV in pieces (RFC 4180). The separator is detected from the header (spec/CONTRACT.md §4). */
import { SealiftError } from "../errors";

const MAX_CELL = 1 << 20;

/** Represents a record in which every cell is empty. */
const BLANK: string[] = [];

/**
 * `push` adds text and `end` finishes; both return the records that were completed, starting with the header. A record
 * in which every cell is empty is `[]`; such records before the header and after the last other record are omitted.
 */
export class CsvReader {
  /** The separator; known after the first line. */
  separator = "";
  private held = "";
  private record: string[] = [];
  private cell = "";
  private state: "start" | "plain" | "quoted" | "closed" = "start";
  private line = 1;
  private blank = 0;
  private begun = false;
  private endedInCr = false;

  push(text: string): string[][] {
    if (!this.separator) {
      // The separator is detected from the header, so its line must be complete.
      this.held += text;
      const end = headerEnd(this.held);
      if (end < 0) {
        if (this.held.length > MAX_CELL) throw malformed("the first line has no end", 1);
        return [];
      }
      this.separator = separatorOf(this.held.slice(0, end));
      text = this.held;
      this.held = "";
    }
    return this.parse(text);
  }

  end(): string[][] {
    const records: string[][] = [];
    if (!this.separator) {
      this.separator = separatorOf(this.held);
      records.push(...this.parse(this.held));
    }
    if (this.state === "quoted") throw malformed("a quoted cell has no closing quote", this.line);
    this.finish(records);
    return records;
  }

  private parse(text: string): string[][] {
    const records: string[][] = [];
    const { separator } = this;
    let start = 0; // of the characters that are not yet added to the cell
    for (let i = 0; i < text.length; i++) {
      const char = text[i]!;
      if (char === "\n") this.line++;
      if (this.state === "quoted") {
        if (char === '"') {
          this.cell += text.slice(start, i);
          start = i + 1;
          this.state = "closed";
        }
        continue;
      }
      if (char === '"' && this.state === "closed") {
        // Two quotes inside a quoted cell represent one; the second starts the next characters.
        start = i;
        this.state = "quoted";
      } else if (char === '"' && this.state === "start") {
        start = i + 1;
        this.state = "quoted";
      } else if (char === separator) {
        this.cell += text.slice(start, i);
        start = i + 1;
        this.endCell();
      } else if (char === "\n" && (i > 0 ? text[i - 1] === "\r" : this.endedInCr)) {
        start = i + 1; // "\r\n" is one line break
      } else if (char === "\n" || char === "\r") {
        this.cell += text.slice(start, i);
        start = i + 1;
        this.finish(records);
      } else if (this.state === "start") {
        this.state = "plain";
      } else if (this.state === "closed") {
        throw malformed("text follows a closing quote", this.line);
      }
    }
    this.cell += text.slice(start);
    if (this.cell.length > MAX_CELL) throw this.tooLong();
    if (text) this.endedInCr = text.endsWith("\r") && this.state !== "quoted";
    return records;
  }

  private tooLong(): SealiftError {
    return malformed("a cell is longer than a million characters; a quote may be missing", this.line);
  }

  private endCell(): void {
    if (this.cell.length > MAX_CELL) throw this.tooLong();
    this.record.push(this.cell);
    this.cell = "";
    this.state = "start";
  }

  private finish(records: string[][]): void {
    this.endCell();
    const { record } = this;
    this.record = [];
    if (record.every((cell) => cell === "")) {
      if (this.begun) this.blank++;
      return;
    }
    this.begun = true;
    for (; this.blank > 0; this.blank--) records.push(BLANK);
    records.push(record);
  }
}

/** The end of the first line that is not blank, outside quotes; -1 if it is not complete. */
function headerEnd(text: string): number {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') quoted = !quoted;
    else if (!quoted && (char === "\n" || char === "\r") && text.slice(0, i).trim()) return i;
  }
  return -1;
}

function separatorOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, "");
  const count = (separator: string) => bare.split(separator).length - 1;
  const [commas, semicolons, tabs] = [count(","), count(";"), count("\t")];
  if (semicolons > commas && semicolons >= tabs) return ";";
  return tabs > commas ? "\t" : ",";
}

function malformed(reason: string, line: number): SealiftError {
  return new SealiftError(
    "E404",
    `The file is not CSV as RFC 4180 describes it: ${reason}.`,
    `line ${line}`,
    "Save it again as CSV (UTF-8) from the program it came from.",
  );
}
