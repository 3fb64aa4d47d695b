/** The worker that runs the model, so that the page stays responsive. */
import { parseContract } from "../contract/parse";
import { asProblem, SealiftError } from "../errors";
import { Activation } from "./activation";
import { scoreFile } from "./file";
import { rerun } from "./golden";
import { occlude } from "./occlusion";
import { answerPicture } from "./picture";
import { attemptAll, commonChannels } from "./probe";
import type { FileProgress, FromWorker, Golden, Replies, Request, ToWorker } from "./protocol";
import { scanForDisplay } from "./scan";
import { Model, startRuntime } from "./session";

let state: { model: Model; golden: Golden; activation: Activation | null } | null = null;

let runtime: ReturnType<typeof startRuntime> | null = null;

async function open({
  contract,
  blobs,
  golden,
  graph,
  weights,
}: Extract<Request, { op: "open" }>): Promise<number> {
  const started = performance.now();
  const [ort, parsed] = [await runtime!, parseContract(contract, () => blobs)];
  const model = await Model.load(parsed, graph, weights, ort);
  if (golden.rows.length > 0) {
    const { row, problems } = await model.prepare(golden.rows[0]!);
    if (problems.length === 0) await model.predict([row]); // the first run is slow
  }
  state = { model, golden, activation: Activation.of(parsed, graph, weights, ort) };
  return performance.now() - started;
}

async function answer(id: number, request: Request): Promise<Replies[keyof Replies]> {
  if (request.op === "runtime") {
    runtime = startRuntime(request.wasm);
    await runtime;
    return true;
  }
  if (request.op === "open") return open(request);
  if (!state)
    throw new SealiftError(
      "E207",
      "The model is not loaded yet.",
      "",
      "Wait until the page says that it is ready.",
    );
  const { model, golden, activation } = state;
  switch (request.op) {
    case "predict": {
      const prepared = await Promise.all(request.rows.map((row) => model.prepare(row)));
      const problems = prepared.flatMap((one) => one.problems);
      if (problems.length > 0) return { problems };
      return {
        answers: await model.predict(prepared.map(({ row }) => row)),
        cautions: prepared.map(({ row }) => model.cautions(row)),
      };
    }
    case "picture":
      return answerPicture(model, request.row, request.side);
    case "scan": {
      const scan = await model.scan(request.field, request.file, request.frame);
      return scan && scanForDisplay(scan, request.side);
    }
    case "occlusion":
      return cancellable(id, (onProgress, signal) =>
        occlude(model, request.row, request.field, request.chosen, onProgress, signal),
      );
    case "activation":
      return (await activation?.map(model, request.row, request.field)) ?? null;
    case "golden":
      return rerun(model, golden);
    case "file":
      return cancellable(id, (onProgress, signal) =>
        scoreFile(model, request.file, request.options, onProgress, signal),
      );
    case "cancel":
      running.get(request.target)?.abort();
      return true;
    case "probe":
      return attemptAll(
        [
          ...commonChannels(globalThis as never, " in the worker"),
          { name: "importScripts in the worker", start: (url) => importScripts(url) },
        ],
        globalThis,
      );
  }
}

const running = new Map<number, AbortController>();

/** Runs what reports its progress and can be cancelled. */
async function cancellable<Reply>(
  id: number,
  run: (onProgress: (progress: FileProgress) => void, signal: AbortSignal) => Promise<Reply>,
): Promise<Reply> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    return await run((progress) => post({ id, progress }), controller.signal);
  } finally {
    running.delete(id);
  }
}

function post(message: FromWorker): void {
  (globalThis as unknown as { postMessage(message: FromWorker): void }).postMessage(message);
}

globalThis.addEventListener("message", (event: MessageEvent<ToWorker>) => {
  const { id, request } = event.data;
  answer(id, request).then(
    (reply) => post({ id, reply }),
    (error: unknown) =>
      post({
        id,
        problem: asProblem(error, {
          code: "E207",
          what: "Something failed that should not.",
          where: "",
          fix: "Close the page and open it again; if it stays so, tell its publisher.",
        }),
      }),
  );
});
