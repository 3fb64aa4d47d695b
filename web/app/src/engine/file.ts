/** Predicts a CSV file in batches, with one row of results for each record; a row with a problem does not affect others. */
import { CsvReader } from "../contract/csv";
import { matchHeader, type Columns } from "../contract/header";
import { kindOf } from "../contract/outputs";
import type { Contract, Value } from "../contract/contract";
import { checkCell, checkValue } from "../contract/value";
import { SealiftError } from "../errors";
import { ColumnNotes } from "./notes";
import type { BadRow, FileOptions, FileProgress, FileReport } from "./protocol";
import { answerCells, csvLine, emptyCells, resultHeader } from "./results";
import type { Model } from "./session";

const MAX_BATCH = 2048;
/** Milliseconds that one batch may take, so that requests of the form are answered in between. */
const TURN = 80;
const MAX_LISTED = 1000;
const MAX_PREVIEW = 100;
const MAX_LABELS = 50;

export async function scoreFile(
  model: Model,
  file: File,
  options: FileOptions,
  onProgress: (progress: FileProgress) => void,
  signal: AbortSignal,
): Promise<FileReport> {
  const started = performance.now();
  await refuseOtherKinds(file);
  const run = new FileRun(model, options, signal);
  const reader = new CsvReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  const stream = file.stream().getReader();
  for (;;) {
    const { done, value } = await stream.read().catch((error: unknown) => {
      throw unreadable(file, error);
    });
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
    await run.take(text ? reader.push(text) : [], () =>
      onProgress({ bytes, total: file.size, rows: run.rows }),
    );
    if (done) break;
    onProgress({ bytes, total: file.size, rows: run.rows });
  }
  await run.take(reader.end(), () => onProgress({ bytes, total: file.size, rows: run.rows }));
  return run.finish(file.name, performance.now() - started);
}

class FileRun {
  rows = 0;
  private readonly contract: Contract;
  private readonly missing: (ReadonlySet<string> | null)[];
  private columns: Columns | null = null;
  private pending: string[][] = [];
  private batch = 64;
  private parts: BlobPart[] = [];
  private ascii = true;
  private header: string[] = [];
  private readonly badRows: BadRow[] = [];
  private readonly notes: ColumnNotes;
  private bad = 0;
  private blank = 0;
  private good = 0;
  private cautioned = 0;
  private readonly preview: string[][] = [];
  private readonly labels = new Map<string, number>();

  constructor(
    private readonly model: Model,
    private readonly options: FileOptions,
    private readonly signal: AbortSignal,
  ) {
    this.contract = model.contract;
    this.missing = this.contract.inputs.map((field) => {
      const words = options.missing[field.name];
      return words ? new Set(words) : null;
    });
    this.notes = new ColumnNotes(this.contract, this.missing);
  }

  async take(records: string[][], onProgress: () => void): Promise<void> {
    for (const record of records) {
      if (!this.columns) {
        this.columns = matchHeader(this.contract, record, this.options.keepExtra);
        const copied = this.options.copy ? record : this.columns.extra.map((column) => column.name);
        this.header = resultHeader(this.contract, copied);
        this.write(csvLine(this.header));
      } else {
        this.pending.push(record);
        if (this.pending.length >= this.batch) {
          await this.score();
          onProgress();
        }
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
        "Add one line for each row to predict.",
      );
    // The byte order mark marks the file as UTF-8 for spreadsheets. Other programs prefer none, so ASCII has none.
    if (!this.ascii) this.parts.unshift("\ufeff");
    return {
      rows: this.rows,
      good: this.good,
      bad: this.bad,
      blank: this.blank,
      cautioned: this.cautioned,
      notes: this.notes.list(),
      badRows: this.badRows,
      header: this.header,
      copied: this.copied([]).length,
      preview: this.preview,
      csv: new Blob(this.parts, { type: "text/csv" }),
      labels: [...this.labels].sort((a, b) => b[1] - a[1]),
      milliseconds,
    };
  }

  private async score(): Promise<void> {
    const begun = performance.now();
    const records = this.pending;
    this.pending = [];
    const values: (readonly Value[])[] = [];
    const position: number[] = []; // record → its index among the valid rows, -1 for an invalid one
    const errors: string[] = [];
    for (const [index, record] of records.entries()) {
      const row = this.rows + index + 1;
      const checked = this.check(record, this.columns!, row);
      const prepared = typeof checked === "string" ? checked : await this.prepared(checked, row);
      const isGood = typeof prepared !== "string";
      position.push(isGood ? values.push(prepared) - 1 : -1);
      errors.push(isGood ? "" : prepared);
    }
    const answers = values.length > 0 ? await this.model.predict(values) : [];
    const empty = emptyCells(this.contract);
    const label = this.contract.outputs.findIndex(
      (output) => kindOf(output).isClass && output.width === null,
    );
    let text = "";
    for (const [index, record] of records.entries()) {
      const at = position[index]!;
      const cells = at < 0 ? empty : answerCells(this.contract, answers, at);
      const cautions = at < 0 ? [] : this.model.cautions(values[at]!);
      if (cautions.length > 0) this.cautioned++;
      this.notes.add(this.columns!.inputs, record, at < 0 ? null : values[at]!, cautions);
      const caution = cautions.map((each) => each.message).join(" ");
      const line = [String(this.rows + index + 1), ...this.copied(record), ...cells, caution, errors[index]!];
      if (this.preview.length < MAX_PREVIEW) this.preview.push(line);
      text += csvLine(line);
      if (at >= 0 && label >= 0) this.count(String(answers[label]!.data[at]));
    }
    this.write(text);
    this.rows += records.length;
    this.good += values.length;
    const took = performance.now() - begun;
    if (records.length >= this.batch) {
      if (took < TURN / 2) this.batch = Math.min(2 * this.batch, MAX_BATCH);
      else if (took > TURN) this.batch = Math.max(this.batch >> 1, 1);
    }
    await turn();
    if (this.signal.aborted)
      throw new SealiftError("E401", "The run was cancelled.", "", "Choose the file again.");
  }

  /** The row with decoded pictures, or what is wrong with them as a string. */
  private async prepared(values: readonly Value[], row: number): Promise<readonly Value[] | string> {
    const prepared = await this.model.prepare(values);
    if (prepared.problems.length === 0) return prepared.row;
    return this.refuse(prepared.problems.map((problem) => ({ row, ...problem })));
  }

  /** The cells of a record that are copied to the results; as many as in the header. */
  private copied(record: readonly string[]): string[] {
    const { extra, width } = this.columns!;
    if (!this.options.copy) return extra.map((column) => record[column.at] ?? "");
    return Array.from({ length: width }, (_, at) => record[at] ?? "");
  }

  /** The values of a row, or what is wrong with it as a string. */
  private check(record: string[], columns: Columns, row: number): Value[] | string {
    if (record.length === 0) {
      this.blank++;
      return this.refuse([{ row, field: "", code: "R107", message: "The record is empty." }]);
    }
    if (record.length !== columns.width) {
      const message = `The record has ${record.length} cells, but the header has ${columns.width}.`;
      return this.refuse([{ row, field: "", code: "R105", message }]);
    }
    const values: Value[] = [];
    const problems: BadRow[] = [];
    for (const [index, field] of this.contract.inputs.entries()) {
      const cell = record[columns.inputs[index]!]!;
      const checked = this.missing[index]?.has(cell.trim())
        ? checkValue(field, null)
        : checkCell(field, cell);
      if ("value" in checked) values.push(checked.value);
      else problems.push({ row, field: field.name, ...checked });
    }
    return problems.length === 0 ? values : this.refuse(problems);
  }

  private write(text: string): void {
    this.ascii &&= !/[^\0-\x7f]/.test(text);
    this.parts.push(new Blob([text])); // a Blob may be stored on disk
  }

  private refuse(problems: BadRow[]): string {
    this.bad++;
    for (const problem of problems) if (this.badRows.length < MAX_LISTED) this.badRows.push(problem);
    return problems.map((problem) => `[${problem.code}] ${problem.message}`).join(" ");
  }

  private count(label: string): void {
    if (this.labels.has(label) || this.labels.size < MAX_LABELS)
      this.labels.set(label, (this.labels.get(label) ?? 0) + 1);
  }
}

/** Lets the worker handle other messages, which only promises would delay. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function unreadable(file: File, error: unknown): SealiftError {
  const detail = error instanceof Error ? error.message : String(error);
  return new SealiftError(
    "E401",
    `The file cannot be read: ${detail.slice(0, 200)}`,
    file.name,
    "Choose a file, not a folder, and one that no other program changes meanwhile.",
  );
}

/** Throws E403 for spreadsheets and other binary files, detected by their first bytes. */
async function refuseOtherKinds(file: File): Promise<void> {
  const first = file.slice(0, 4).arrayBuffer();
  const head = new Uint8Array(
    await first.catch((error: unknown) => {
      throw unreadable(file, error);
    }),
  );
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
