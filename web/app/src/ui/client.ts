/** The page's side of the worker: one promise for each request. */
import type { FileProgress, FromWorker, Replies, Request, ToWorker } from "../engine/protocol";
import { SealiftError } from "../errors";

interface Waiting {
  resolve: (reply: never) => void;
  reject: (error: Error) => void;
  onProgress: ((progress: FileProgress) => void) | undefined;
}

export class Client {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;

  constructor(code: string) {
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    this.worker = new Worker(url);
    URL.revokeObjectURL(url);
    this.worker.onmessage = (event: MessageEvent<FromWorker>) => this.receive(event.data);
    this.worker.onerror = (event) => this.fail(event.message || "the worker could not start");
  }

  call<Op extends Request["op"]>(
    request: Extract<Request, { op: Op }>,
    options: {
      transfer?: Transferable[];
      onProgress?: (progress: FileProgress) => void;
      signal?: AbortSignal;
    } = {},
  ): Promise<Replies[Op]> {
    const id = this.next++;
    options.signal?.addEventListener("abort", () => void this.call({ op: "cancel", target: id }));
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, onProgress: options.onProgress });
      const message: ToWorker = { id, request };
      this.worker.postMessage(message, options.transfer ?? []);
    });
  }

  private receive(message: FromWorker): void {
    const waiting = this.waiting.get(message.id);
    if (!waiting) return;
    if ("progress" in message) {
      waiting.onProgress?.(message.progress);
      return;
    }
    this.waiting.delete(message.id);
    if ("problem" in message) {
      const { code, what, where, fix } = message.problem;
      waiting.reject(new SealiftError(code, what, where, fix));
    } else {
      waiting.resolve(message.reply as never);
    }
  }

  private fail(detail: string): void {
    const error = new SealiftError(
      "E207",
      `The model's engine stopped: ${detail.slice(0, 300)}.`,
      "",
      "Close the page and open it again; a smaller file may help if memory ran out.",
    );
    for (const waiting of this.waiting.values()) waiting.reject(error);
    this.waiting.clear();
  }
}
