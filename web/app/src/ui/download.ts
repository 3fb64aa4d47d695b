/** Passes a blob to the outer page, which saves it on this device. */
import { tell } from "./store.svelte";

export function save(blob: Blob, name: string): void {
  tell({ type: "save", blob, name });
}
