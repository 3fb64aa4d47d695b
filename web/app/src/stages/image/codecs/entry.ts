import dictionary from "./dictionary.txt?raw";
import { codecsOf } from "./main";
import type { Binaries } from "./wasm";

declare global {
  /** Set by the script that precedes this one (build/codecs.mjs). */
  var sealiftBinaries: Binaries;
}

(globalThis as { sealiftCodecs?: unknown }).sealiftCodecs = codecsOf(globalThis.sealiftBinaries, dictionary);
