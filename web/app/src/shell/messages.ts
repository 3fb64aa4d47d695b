/** What the outer page and the sandboxed inside say to each other. */
export type FromInside = { type: "ready" } | { type: "height"; height: number };
export interface ToInside {
  type: "load";
  worker: string;
  wasm: ArrayBuffer;
  seal: ArrayBuffer;
}
