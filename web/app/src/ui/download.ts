/** Hands a blob to the outer page, which saves it: nothing leaves the device. */
import { tell } from "./store.svelte";

export function save(blob: Blob, name: string): void {
  tell({ type: "save", blob, name });
}
