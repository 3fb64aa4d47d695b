/** The outer page: takes the payloads out of the document, checks them, and hands them to the sandboxed inside. */
import { fromBase64, sha256 } from "../seal/bytes";
import { guard } from "./guard";
import type { FromInside, ToInside } from "./messages";

guard();

class Refusal extends Error {
  constructor(
    message: string,
    readonly fix: string,
    readonly code = "",
  ) {
    super(message);
  }
}

async function start(): Promise<void> {
  requireBrowser();
  const wasm = payload("wasm"); // the largest: inflating it overlaps with all that follows
  const sealed = payload("seal");
  const rest = Promise.all([wasm, sealed, text("worker")]);
  rest.catch(() => undefined); // awaited below; until then a failure is not unheard
  const frame = document.createElement("iframe");
  frame.title = document.title;
  frame.setAttribute("sandbox", "allow-scripts allow-downloads allow-modals");
  frame.setAttribute("referrerpolicy", "no-referrer");
  frame.srcdoc = await text("ui");
  const ready = inside(frame);
  document.body.append(frame);
  const [wasmBytes, sealBytes, worker] = await Promise.all([...(await rest), ready]);
  const message: ToInside = { type: "load", worker, wasm: wasmBytes, seal: sealBytes };
  frame.contentWindow!.postMessage(message, "*", [wasmBytes, sealBytes]); // a sandboxed frame has no origin to name
  document.documentElement.classList.add("open");
  frame.focus();
}

function requireBrowser(): void {
  const newer = "Open the file in a current Chrome, Edge, Firefox or Safari.";
  if (typeof WebAssembly !== "object") {
    throw new Refusal(
      "WebAssembly is switched off in this browser, and the model runs in it.",
      "Allow WebAssembly for this file (in Edge: enhanced security; in Tor Browser: the security level), or use another browser.",
    );
  }
  if (typeof DecompressionStream !== "function")
    throw new Refusal("This browser is too old for this page.", newer);
}

async function text(name: string): Promise<string> {
  return new TextDecoder().decode(await payload(name));
}

/** The bytes of a payload, every piece of it checked against its digest. */
async function payload(name: string): Promise<ArrayBuffer> {
  const blocks = [...document.querySelectorAll<HTMLScriptElement>(`script[data-payload="${name}"]`)];
  const count = Number(blocks[0]?.dataset["count"]);
  if (blocks.length === 0 || blocks.length !== count) throw damaged(name);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (const block of blocks) {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = fromBase64(block.textContent ?? "");
    } catch {
      throw damaged(name);
    }
    if ((await sha256(bytes)) !== block.dataset["sha256"]) throw damaged(name);
    pieces.push(bytes);
    block.remove(); // the text is no longer needed, the memory is
  }
  const blob = new Blob(pieces);
  if (blocks[0]!.dataset["encoding"] !== "gzip") return blob.arrayBuffer();
  try {
    return await new Response(blob.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  } catch {
    throw damaged(name);
  }
}

function damaged(name: string): Refusal {
  return new Refusal(
    `This page is damaged: its part "${name}" is not what it was when the page was made. Nothing of it was used.`,
    "Copy or download the file again, or ask its publisher for the original.",
    "E202",
  );
}

function inside(frame: HTMLIFrameElement): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new Refusal(
          "The inner part of the page did not start.",
          "Open the file in a current Chrome, Edge, Firefox or Safari.",
        ),
      );
    }, 20_000);
    addEventListener("message", (event: MessageEvent<FromInside>) => {
      if (event.source !== frame.contentWindow) return;
      if (event.data.type === "ready") {
        clearTimeout(timer);
        resolve();
      } else if (event.data.type === "height") {
        document.documentElement.style.setProperty("--height", `${Math.ceil(event.data.height)}px`);
      }
    });
  });
}

function show(error: unknown): void {
  document.documentElement.classList.remove("open");
  document.querySelector("iframe")?.remove();
  const known = error instanceof Refusal;
  const lines = [
    known ? error.message : `The page could not be opened: ${String(error).slice(0, 300)}`,
    known ? error.fix : "Open the file in a current Chrome, Edge, Firefox or Safari.",
  ];
  const state = document.getElementById("state")!;
  state.setAttribute("role", "alert");
  state.className = "failed";
  state.textContent = (known && error.code ? `[${error.code}] ` : "") + lines[0]!;
  const fix = document.createElement("p");
  fix.textContent = lines[1]!;
  state.after(fix);
}

start().catch(show);
