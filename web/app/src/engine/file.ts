/** File mode: a CSV streams in, answers stream out; a bad row is told with its number and harms no other. */
import { CsvReader } from "../contract/csv";
import { matchHeader, type Columns } from "../contract/header";
import type { Contract, Value } from "../contract/types";
import { checkCell } from "../contract/value";
import { SealiftError } from "../errors";
import type { BadRow, FileProgress, FileReport } from "./protocol";
import { answerCells, csvLine, emptyCells, resultHeader } from "./results";
import type { Model } from "./session";

const BATCH = 2048;
const MAX_LISTED = 1000;
const MAX_PREVIEW = 100;
const MAX_LABELS = 50;

export async function scoreFile(
  model: Model,
  file: File,
  carry: boolean,
  onProgress: (progress: FileProgress) => void,
): Promise<FileReport> {
  const started = performance.now();
  await refuseOtherKinds(file);
  const run = new FileRun(model, carry);
  const reader = new CsvReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  const stream = file.stream().getReader();
  for (;;) {
    const { done, value } = await stream.read();
    let text: string;
    try {
      text = done ? decoder.decode() : decoder.decode(value, { stream: true });
    } catch {
      throw new SealiftError(
        "E404",
        "The file is not UTF-8 text.",
        file.name,
        'Save it again as "CSV UTF-8".',
      );
    }
    bytes += value?.length ?? 0;
    await run.take(text ? reader.push(text) : []);
    if (done) break;
    onProgress({ bytes, total: file.size, rows: run.rows });
  }
  await run.take(reader.end());
  return run.finish(file.name, performance.now() - started);
}

class FileRun {
  rows = 0;
  private readonly contract: Contract;
  private columns: Columns | null = null;
  private pending: string[][] = [];
  private parts: BlobPart[] = [];
  private ascii = true;
  private header: string[] = [];
  private readonly badRows: BadRow[] = [];
  private bad = 0;
  private good = 0;
  private readonly preview: string[][] = [];
  private readonly labels = new Map<string, number>();

  constructor(
    private readonly model: Model,
    private readonly carry: boolean,
  ) {
    this.contract = model.contract;
  }

  async take(records: string[][]): Promise<void> {
    for (const record of records) {
      if (!this.columns) {
        this.columns = matchHeader(this.contract, record, this.carry);
        this.header = resultHeader(
          this.contract,
          this.columns.extra.map((column) => column.name),
        );
        this.write(csvLine(this.header));
      } else {
        this.pending.push(record);
        if (this.pending.length >= BATCH) await this.score();
      }
    }
  }

  async finish(name: string, milliseconds: number): Promise<FileReport> {
    if (!this.columns)
      throw new SealiftError(
        "E404",
        "The file is empty.",
        name,
        "Choose a CSV file with a header and one line for each row.",
      );
    await this.score();
    if (this.rows === 0)
      throw new SealiftError(
        "E105",
        "There are no rows below the header.",
        name,
        "Add one line for each row to be answered.",
      );
    // The mark tells spreadsheets that it is UTF-8; programs do better without, so it stands only where it matters.
    if (!this.ascii) this.parts.unshift("\ufeff");
    return {
      rows: this.rows,
      good: this.good,
      bad: this.bad,
      badRows: this.badRows,
      header: this.header,
      preview: this.preview,
      csv: new Blob(this.parts, { type: "text/csv" }),
      labels: [...this.labels].sort((a, b) => b[1] - a[1]),
      milliseconds,
    };
  }

  private async score(): Promise<void> {
    const columns = this.columns!;
    const records = this.pending;
    this.pending = [];
    const values: Value[][] = [];
    const position: number[] = []; // record → its row among the good ones, -1 for a bad one
    const errors: string[] = [];
    for (const [index, record] of records.entries()) {
      const found = this.check(record, columns, this.rows + index + 1);
      position.push(Array.isArray(found) ? values.push(found) - 1 : -1);
      errors.push(Array.isArray(found) ? "" : found);
    }
    const answers = values.length > 0 ? await this.model.predict(values) : [];
    const empty = emptyCells(this.contract);
    const label = this.contract.outputs.findIndex(
      (output) => output.name === "label" && output.width === null,
    );
    let text = "";
    for (const [index, record] of records.entries()) {
      const at = position[index]!;
      const cells = at < 0 ? empty : answerCells(this.contract, answers, at);
      const carried = columns.extra.map((column) => record[column.at] ?? "");
      const line = [String(this.rows + index + 1), ...carried, ...cells, errors[index]!];
      if (this.preview.length < MAX_PREVIEW) this.preview.push(line);
      text += csvLine(line);
      if (at >= 0 && label >= 0) this.count(String(answers[label]!.data[at]));
    }
    this.write(text);
    this.rows += records.length;
    this.good += values.length;
  }

  /** The row's values, or what is wrong with it as one text. */
  private check(record: string[], columns: Columns, row: number): Value[] | string {
    if (record.length !== columns.width) {
      const message = `The record has ${record.length} cells, but the header has ${columns.width}.`;
      this.note([{ row, field: "", code: "R105", message }]);
      return `[R105] ${message}`;
    }
    const values: Value[] = [];
    const found: BadRow[] = [];
    for (const [index, field] of this.contract.inputs.entries()) {
      const checked = checkCell(field, record[columns.inputs[index]!]!);
      if ("value" in checked) values.push(checked.value);
      else found.push({ row, field: field.name, ...checked });
    }
    if (found.length === 0) return values;
    this.note(found);
    return found.map((problem) => `[${problem.code}] ${problem.message}`).join(" ");
  }

  private write(text: string): void {
    this.ascii &&= !/[^\0-\x7f]/.test(text);
    this.parts.push(new Blob([text])); // a Blob may live on disk, a string may not
  }

  private note(problems: BadRow[]): void {
    this.bad++;
    for (const problem of problems) if (this.badRows.length < MAX_LISTED) this.badRows.push(problem);
  }

  private count(label: string): void {
    if (this.labels.has(label) || this.labels.size < MAX_LABELS)
      this.labels.set(label, (this.labels.get(label) ?? 0) + 1);
  }
}

/** A spreadsheet or archive by its first bytes: its text would be noise. */
async function refuseOtherKinds(file: File): Promise<void> {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const zip = head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
  const kinds: [boolean, string][] = [
    [zip, "an Excel workbook or another ZIP file"],
    [head[0] === 0xd0 && head[1] === 0xcf, "an old Excel workbook"],
    [String.fromCharCode(...head) === "PAR1", "a Parquet file"],
    [String.fromCharCode(...head) === "%PDF", "a PDF"],
  ];
  const kind = kinds.find(([is]) => is)?.[1];
  if (kind)
    throw new SealiftError(
      "E403",
      `This is ${kind}, not a CSV file.`,
      file.name,
      'Open it where it was made and save it as "CSV UTF-8".',
    );
}
