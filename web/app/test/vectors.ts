/** The files that hold the two implementations of the specifications together. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

export function readRoot(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(root, path)));
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}
