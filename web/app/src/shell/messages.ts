/** What the outer page and the sandboxed inside say to each other. */
export type FromInside =
  | { type: "ready" }
  | { type: "height"; height: number }
  /** The outer page saves the blob: a frame's own download counts as a navigation, which Firefox refuses here. */
  | { type: "save"; blob: Blob; name: string };
export type ToInside =
  | { type: "worker"; worker: string }
  /** `wasm` is compressed with gzip, `seal` is the sealed file. */
  | { type: "load"; wasm: ArrayBuffer; seal: ArrayBuffer };
