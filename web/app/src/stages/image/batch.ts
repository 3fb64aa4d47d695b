/** Runs all image stages of a contract on rows: the tensors `pixels<k>` and `geometry<k>` (stages/image/batch.py). */
import type { Stage, Value } from "../../contract/contract";
import type { TensorData } from "../../contract/tensors";
import { SealiftError } from "../../errors";
import {
  StageRun,
  type OnPicture,
  type Piece,
  type PreparedRow,
  type Rows,
  type Scan,
  type StageProblem,
} from "../base";
import { Malformed } from "../read";
import { Refusal } from "./decode";
import { ImageStage, PreparedPicture } from "./stage";

/** The maximum of numbers of all stages in one run of the graph, unless it has a single row. */
const MOST_NUMBERS = 1 << 22;

export class ImageRun extends StageRun {
  private readonly stages: readonly { number: number; field: number; stage: ImageStage }[];

  /** Throws E106 for a malformed stage. */
  constructor(stages: ReadonlyMap<number, Stage>) {
    super();
    this.stages = [...stages].map(([number, { field, spec }]) => ({
      number,
      field,
      stage: opened(spec, number),
    }));
  }

  override async prepare(row: readonly Value[], onPicture?: OnPicture): Promise<PreparedRow> {
    const prepared = [...row];
    const problems: StageProblem[] = [];
    for (const { field, stage } of this.stages) {
      const file = row[field];
      if (!(file instanceof Blob)) continue;
      try {
        prepared[field] = await stage.prepare(file, onPicture && ((grid) => onPicture(field, grid)));
      } catch (error) {
        problems.push({ field, ...problemOf(error) });
      }
    }
    return { row: prepared, problems };
  }

  /** What is unusual in pictures, and burnt-in annotations and overlays of DICOM files; the row must be prepared. */
  override cautions(row: readonly Value[]): ReadonlyMap<number, string> {
    return new Map(
      this.stages.flatMap(({ field }): [number, string][] => {
        const value = row[field];
        return value instanceof PreparedPicture && value.notes.length > 0
          ? [[field, value.notes.join(", and ")]]
          : [];
      }),
    );
  }

  override async scan(field: number, file: Blob, frame: number | null): Promise<Scan | null> {
    const stage = this.stages.find((one) => one.field === field)?.stage;
    return stage ? stage.decode.scan(file, frame) : null;
  }

  *pieces(rows: Rows): Generator<Piece> {
    for (let start = 0; start < rows.length;) {
      const first = this.pictures(rows[start]!);
      const most = Math.max(
        1,
        Math.floor(
          MOST_NUMBERS /
            Math.max(
              1,
              first.reduce((sum, one) => sum + one.pixels.length, 0),
            ),
        ),
      );
      const pictures = [first];
      while (pictures.length < most && start + pictures.length < rows.length) {
        const next = this.pictures(rows[start + pictures.length]!);
        if (next.some(({ sizes }, i) => sizes.join() !== first[i]!.sizes.join())) break;
        pictures.push(next);
      }
      const end = start + pictures.length;
      const tensors = new Map<string, TensorData>();
      this.stages.forEach(({ number }, place) => {
        const own = pictures.map((row) => row[place]!);
        tensors.set(`pixels${number}`, {
          dtype: "float32",
          data: joined(own.map(({ pixels }) => pixels)),
          dims: [own.length, ...first[place]!.sizes],
        });
        tensors.set(`geometry${number}`, {
          dtype: "float64",
          data: Float64Array.from(own.flatMap(({ geometry }) => [...geometry])),
          dims: [own.length, 6],
        });
      });
      yield { rows: rows.slice(start, end), tensors };
      start = end;
    }
  }

  private pictures(row: readonly Value[]): PreparedPicture[] {
    return this.stages.map(({ field, stage }) => {
      const value = row[field];
      if (value === null) return stage.missing();
      if (value instanceof PreparedPicture) return value;
      throw new Error("a picture must be prepared before it is answered");
    });
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const made = new Float32Array(parts.length * parts[0]!.length);
  parts.forEach((part, i) => made.set(part, i * part.length));
  return made;
}

function opened(spec: Record<string, unknown>, number: number): ImageStage {
  try {
    return new ImageStage(spec);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new SealiftError(
      "E106",
      `The image stage is malformed: ${error.message}.`,
      `stage ${number}`,
      "See `sealift docs spec/IMAGE`.",
    );
  }
}

function problemOf(error: unknown): Pick<StageProblem, "code" | "what"> {
  if (error instanceof Refusal) return { code: error.code, what: error.message };
  // A file that was moved or changed after it was chosen, or memory that is used up.
  const isRead = error instanceof DOMException && error.name === "NotReadableError";
  const detail = error instanceof Error ? error.message : String(error);
  if (isRead) return { code: "R114", what: `cannot be read: ${detail}` };
  return { code: "R112", what: `needs more memory than the browser has: ${detail.slice(0, 200)}` };
}
