/** The model in ONNX Runtime's WebAssembly build: from checked rows to arrays of answers. */
import type * as Ort from "onnxruntime-web";
import { cautionsOf, type Caution } from "../contract/cautions";
import { makeTensors } from "../contract/tensors";
import type { Contract, Value } from "../contract/contract";
import { SealiftError } from "../errors";
import { Stages, type OnPicture, type Piece, type Scan } from "../stages";
import { toAnswer } from "./fit";
import type { Answer, FieldProblem } from "./protocol";

declare global {
  /** Set by the bundle that precedes the worker's own code (build/ort.mjs). */
  var ortReady: Promise<typeof Ort>;
}

/** Decompresses ONNX Runtime and prepares it for sessions. */
export async function startRuntime(wasm: ArrayBuffer): Promise<typeof Ort> {
  const unpacked = new Blob([wasm]).stream().pipeThrough(new DecompressionStream("gzip"));
  const [ort, binary] = await Promise.all([globalThis.ortReady, new Response(unpacked).arrayBuffer()]);
  ort.env.wasm.wasmBinary = binary;
  ort.env.wasm.numThreads = 1; // threads need headers that a file on disk cannot have
  ort.env.logLevel = "error";
  return ort;
}

export class Model {
  private constructor(
    private readonly ort: typeof Ort,
    private readonly session: Ort.InferenceSession,
    private readonly stages: Stages,
    readonly contract: Contract,
  ) {}

  static async load(
    contract: Contract,
    graph: Uint8Array,
    weights: ReadonlyMap<string, Uint8Array>,
    ort: typeof Ort,
  ): Promise<Model> {
    const stages = Stages.of(contract);
    try {
      const session = await ort.InferenceSession.create(graph, {
        executionProviders: ["wasm"],
        logSeverityLevel: 3,
        // By the names in the graph; no path is followed.
        externalData: [...weights].map(([path, data]) => ({ path, data })),
        // A sealed graph has no constants to compute (spec/SEAL.md §7); opening one must not start computing.
        extra: { optimization: { disable_specified_optimizers: "ConstantFolding" } },
      });
      return new Model(ort, session, stages, contract);
    } catch (error) {
      throw cannotRun(error);
    }
  }

  /** A checked row with what stages have read, such as decoded pictures, and what is wrong with its values. */
  async prepare(
    row: readonly Value[],
    onPicture?: OnPicture,
  ): Promise<{ row: readonly Value[]; problems: FieldProblem[] }> {
    const prepared = await this.stages.prepare(row, onPicture);
    const problems = prepared.problems.map(({ field, code, what }) => {
      const { name } = this.contract.inputs[field]!;
      return { field: name, code, message: `The picture "${name}" ${what}.` };
    });
    return { row: prepared.row, problems };
  }

  /** The answers for prepared rows, which have a value for each input in the order of the contract. */
  async predict(rows: readonly (readonly Value[])[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const piece of this.stages.pieces(rows)) {
      for (const [i, answer] of (await this.run(piece)).entries()) {
        const before = answers[i];
        if (before) for (const value of answer.data) before.data.push(value);
        else answers.push(answer);
      }
    }
    return answers;
  }

  /** A frame of the file of a field for display; null where there is not more than the picture that the model takes. */
  scan(field: number, file: Blob, frame: number | null): Promise<Scan | null> {
    return this.stages.scan(field, file, frame);
  }

  /** What makes the answer to a prepared row less reliable. */
  cautions(row: readonly Value[]): Caution[] {
    return cautionsOf(this.contract, row, this.stages.cautions(row));
  }

  /** The inputs of the graph for one prepared row. */
  feeds(row: readonly Value[]): Record<string, Ort.Tensor> {
    const [piece] = this.stages.pieces([row]);
    return this.feedsOf(piece!);
  }

  private feedsOf({ rows, tensors }: Piece): Record<string, Ort.Tensor> {
    const feeds: Record<string, Ort.Tensor> = {};
    for (const [name, tensor] of [...makeTensors(this.contract, rows), ...tensors]) {
      feeds[name] = new this.ort.Tensor(tensor.dtype, tensor.data as never, tensor.dims);
    }
    return feeds;
  }

  private async run(piece: Piece): Promise<Answer[]> {
    const { rows } = piece;
    const feeds = this.feedsOf(piece);
    let results: Ort.InferenceSession.ReturnType;
    try {
      results = await this.session.run(
        feeds,
        this.contract.outputs.map((output) => output.name),
      );
    } catch (error) {
      throw cannotRun(error);
    }
    return this.contract.outputs.map((output) => toAnswer(output, results[output.name], rows.length));
  }
}

function cannotRun(error: unknown): SealiftError {
  const detail = error instanceof Error ? error.message : String(error);
  return new SealiftError(
    "E207",
    `The model in the sealed file cannot be run here: ${detail.slice(0, 400)}.`,
    "model.onnx",
    "Tell its publisher, with this message and your browser's name and version.",
  );
}
