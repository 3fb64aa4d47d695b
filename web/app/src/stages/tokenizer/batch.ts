/**
 * All tokenizer stages of a contract over many rows: the tensors of token ids, masks and types (spec/TOKENIZER.md §7).
 * The Python implementation is in stages/tokenizer/batch.py.
 */
import type { Stage, Value } from "../../contract/contract";
import type { TensorData } from "../../contract/tensors";
import { SealiftError } from "../../errors";
import { StageRun, type Piece as RowPiece, type RefusingStage, type Rows } from "../base";
import { Malformed } from "../read";
import { TooLong } from "./piece";
import { NUMBERS } from "./places";
import { TokenizerStage, type Encoding } from "./stage";

/** The maximum number of tokens, with padding, in one run of the graph; a single row may have more. */
const CELLS = 1 << 13;

interface Opened {
  number: number;
  field: number;
  stage: TokenizerStage;
}

/** The tokenizer stages of a contract, ready to run. */
export class TokenizerRun extends StageRun {
  override readonly refusing: readonly RefusingStage[];
  private readonly stages: readonly Opened[];

  /** Throws E106 for a malformed stage. */
  constructor(stages: ReadonlyMap<number, Stage>) {
    super();
    this.stages = [...stages].map(([number, stage]) => ({
      number,
      field: stage.field,
      stage: readStage(stage, number),
    }));
    this.refusing = this.stages
      .filter(({ stage }) => stage.truncation?.refuses)
      .map(({ field, stage }) => ({
        field,
        example: "",
        code: "R120",
        problem: (name, value) => {
          const { cut } = encoded(stage, String(value));
          const { most } = stage.truncation!;
          return cut ? `"${name}" has ${most + cut} tokens, and the model reads at most ${most}.` : "";
        },
      }));
  }

  /** The fields with a string that is cut, or has unknown tokens. */
  override cautions(row: readonly Value[]): ReadonlyMap<number, string> {
    const notes = new Map<number, string>();
    for (const { field, stage } of this.stages) {
      const text = row[field];
      const caution = typeof text === "string" ? stage.caution(encoded(stage, text)) : "";
      if (caution) notes.set(field, caution);
    }
    return notes;
  }

  *pieces(rows: Rows): Generator<RowPiece> {
    let start = 0;
    let taken: Encoding[][] = [];
    const textsOf = (row: readonly Value[]) =>
      this.stages.map(({ field }) => (row[field] as string | null) ?? "");
    let widest = 0;
    for (const row of rows) {
      const texts = textsOf(row);
      const encodings = this.stages.map(({ stage }, i) => encoded(stage, texts[i]!));
      const wide = Math.max(widest, ...encodings.map(({ ids }) => ids.length));
      const isEven = this.stages.every(
        ({ stage }, i) => stage.padding || !taken[0] || taken[0][i]!.ids.length === encodings[i]!.ids.length,
      );
      if (taken.length > 0 && (!isEven || (taken.length + 1) * wide > CELLS)) {
        const piece = rows.slice(start, start + taken.length);
        yield { rows: piece, tensors: this.padded(taken, piece.map(textsOf)) };
        start += taken.length;
        [taken, widest] = [[], 0];
      }
      taken.push(encodings);
      widest = Math.max(widest, ...encodings.map(({ ids }) => ids.length));
    }
    const rest = rows.slice(start);
    if (taken.length > 0) yield { rows: rest, tensors: this.padded(taken, rest.map(textsOf)) };
  }

  private padded(rows: readonly Encoding[][], texts: readonly string[][]): Map<string, TensorData> {
    const tensors = new Map<string, TensorData>();
    this.stages.forEach(({ number, stage: { padding, places } }, place) => {
      const column = rows.map((row) => row[place]!);
      const longest = column.reduce((most, { ids }) => Math.max(most, ids.length), 0);
      const width = padding ? padding.width(longest) : longest;
      const make = (fill: number) => new BigInt64Array(rows.length * width).fill(BigInt(fill));
      const [ids, mask, types] = [make(padding?.id ?? 0), make(0), make(padding?.type ?? 0)];
      const spans = new BigInt64Array(places ? rows.length * width * NUMBERS : 0);
      for (let i = NUMBERS - 1; i < spans.length; i += NUMBERS) spans[i] = -1n; // padding is no token
      column.forEach((row, at) => {
        const begin = at * width + (padding?.left ? width - row.ids.length : 0);
        row.ids.forEach((id, i) => {
          ids[begin + i] = BigInt(id);
          types[begin + i] = BigInt(row.types[i]!);
          mask[begin + i] = 1n;
        });
        places?.(texts[at]![place]!, row).forEach((number, i) => {
          spans[begin * NUMBERS + i] = BigInt(number);
        });
      });
      const dims = [rows.length, width];
      tensors.set(`input_ids${number}`, { dtype: "int64", data: ids, dims });
      tensors.set(`attention_mask${number}`, { dtype: "int64", data: mask, dims });
      tensors.set(`token_type_ids${number}`, { dtype: "int64", data: types, dims });
      if (places) tensors.set(`spans${number}`, { dtype: "int64", data: spans, dims: [...dims, NUMBERS] });
    });
    return tensors;
  }
}

/** Throws E106 for a malformed stage. */
function readStage({ spec }: Stage, number: number): TokenizerStage {
  try {
    return new TokenizerStage(spec);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new SealiftError(
      "E106",
      `The tokenizer stage is malformed: ${error.message}.`,
      `stage ${number}`,
      "See `sealift docs spec/TOKENIZER`.",
    );
  }
}

/** The tokens of a string. Throws E207 for a string that takes too much work. */
function encoded(stage: TokenizerStage, text: string): Encoding {
  try {
    return stage.encode(text);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    throw new SealiftError(
      "E207",
      `A string of ${[...text].length} characters takes more work than the format allows.`,
      "",
      "Leave the text out, or give it in smaller parts.",
    );
  }
}
