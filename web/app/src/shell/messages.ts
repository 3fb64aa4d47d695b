/** The messages between the outer page and the sandboxed frame. */
export type FromInside =
  | { type: "ready" }
  | { type: "height"; height: number }
  /** Asks the outer page to save the blob, because Firefox treats a download of the frame as a navigation and refuses it. */
  | { type: "save"; blob: Blob; name: string };
export type ToInside =
  | { type: "worker"; worker: string }
  /** `wasm` is compressed with gzip, `seal` is the sealed file. */
  | { type: "load"; wasm: ArrayBuffer; seal: ArrayBuffer };
