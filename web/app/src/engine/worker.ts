/** The worker that runs the model, so that the page stays responsive. */
import { parseContract } from "../contract/parse";
import { asProblem, SealiftError } from "../errors";
import { scoreFile } from "./file";
import { rerun } from "./golden";
import { attemptAll, commonChannels } from "./probe";
import type { FromWorker, Golden, Replies, Request, ToWorker } from "./protocol";
import { Model, startRuntime } from "./session";

let state: { model: Model; golden: Golden } | null = null;

let runtime: ReturnType<typeof startRuntime> | null = null;

async function open({
  contract,
  blobs,
  golden,
  graph,
  weights,
}: Extract<Request, { op: "open" }>): Promise<number> {
  const started = performance.now();
  const model = await Model.load(
    parseContract(contract, () => blobs),
    graph,
    weights,
    await runtime!,
  );
  if (golden.rows.length > 0) await model.predict(golden.rows.slice(0, 1)); // the first run is slow
  state = { model, golden };
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
  const { model, golden } = state;
  switch (request.op) {
    case "predict":
      return {
        answers: await model.predict(request.rows),
        cautions: request.rows.map((row) => model.cautions(row)),
      };
    case "golden":
      return rerun(model, golden);
    case "file":
      return score(model, id, request);
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

async function score(
  model: Model,
  id: number,
  { file, options }: Extract<Request, { op: "file" }>,
): Promise<Replies["file"]> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    return await scoreFile(model, file, options, (progress) => post({ id, progress }), controller.signal);
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
