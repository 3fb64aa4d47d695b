/** The files that hold the two implementations of the specifications together. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SealiftError } from "../src/errors";

const root = join(import.meta.dirname, "../../..");

export function readRoot(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(root, path)));
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** The code and the message with which `work` is refused, as the vectors have them. */
export function refusalOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SealiftError)) throw error;
    const { code, where, what } = error;
    return { code, message: where ? `${where}: ${what}` : what };
  }
  throw new Error("was not refused");
}
