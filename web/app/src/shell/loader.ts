/** The outer page: reads the payloads from the document, checks them, and passes them to the sandboxed frame. */
import { fromBase64, sha256 } from "../seal/bytes";
import { guard, refuseFrames } from "./guard";
import type { FromInside, ToInside } from "./messages";

guard();

/** The height of an A4 page between its margins, in CSS pixels. */
const SHEET = 1030;

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
  // This script precedes the two large parts, so that the frame and its worker start while those are being read.
  const frame = document.createElement("iframe");
  frame.title = document.title;
  frame.setAttribute("sandbox", "allow-scripts allow-modals");
  frame.setAttribute("referrerpolicy", "no-referrer");
  frame.srcdoc = await text("ui");
  const ready = inside(frame);
  document.body.append(frame, document.getElementById("cut")!); // after a line of text, the frame would begin on a new printed page
  refuseFrames();
  const worker = await text("worker");
  const rest = parsed().then(() => Promise.all([pieces("wasm"), payload("seal")]));
  rest.catch(() => undefined); // awaited below; prevents an unhandled rejection until then
  await ready;
  send(frame, { type: "worker", worker });
  const [wasm, seal] = await rest;
  const runtime = await new Blob(wasm).arrayBuffer(); // still compressed; the worker decompresses it
  send(frame, { type: "load", wasm: runtime, seal }, [runtime, seal]);
  document.documentElement.classList.add("open");
  frame.focus();
}

function send(frame: HTMLIFrameElement, message: ToInside, transfer: Transferable[] = []): void {
  frame.contentWindow!.postMessage(message, "*", transfer); // a sandboxed frame has no origin
}

function parsed(): Promise<void> {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) =>
    document.addEventListener("DOMContentLoaded", () => resolve(), { once: true }),
  );
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

/** The bytes of a payload, decompressed. */
async function payload(name: string): Promise<ArrayBuffer> {
  const packed =
    document.querySelector<HTMLScriptElement>(`script[data-payload="${name}"]`)?.dataset["encoding"] ===
    "gzip";
  const blob = new Blob(await pieces(name));
  if (!packed) return blob.arrayBuffer();
  try {
    return await new Response(blob.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  } catch {
    throw damaged(name);
  }
}

/** The bytes of a payload as they are in the document; each piece is checked against its digest. */
async function pieces(name: string): Promise<Uint8Array<ArrayBuffer>[]> {
  const blocks = [...document.querySelectorAll<HTMLScriptElement>(`script[data-payload="${name}"]`)];
  if (blocks.length === 0 || blocks.length !== Number(blocks[0]!.dataset["count"])) throw damaged(name);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (const block of blocks) {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = fromBase64(block.textContent ?? "");
    } catch {
      throw damaged(name);
    }
    if ((await sha256(bytes)) !== block.dataset["sha256"]) throw damaged(name);
    chunks.push(bytes);
    block.remove(); // frees the memory of the text
  }
  return chunks;
}

function damaged(name: string): Refusal {
  return new Refusal(
    `This page is damaged: its part "${name}" was changed after the page was made. Nothing of it was used.`,
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
      } else if (event.data.type === "save") {
        save(event.data.blob, event.data.name);
      } else if (event.data.type === "height") {
        const height = Math.ceil(event.data.height);
        document.documentElement.style.setProperty("--height", `${height}px`);
        document.documentElement.classList.toggle("long", height > SHEET);
      }
    });
  });
}

/** Starts a download. The type is set here, so that no browser displays the bytes as a page. */
function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
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
