/** Builds one module as a classic script, for tests: `node build/worker.mjs test/pictures.ts OUT`; with the decoders of DICOM. */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { hasCodecs, wrapCodecs } from "./codecs.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [entry, out] = process.argv.slice(2);
const bundled = async (entry) => {
  const result = await build({
    root,
    configFile: false,
    logLevel: "warn",
    build: {
      write: false,
      target: "es2022",
      minify: false,
      lib: { entry: join(root, entry), formats: ["iife"], name: "tested", fileName: "out" },
    },
  });
  const { output } = Array.isArray(result) ? result[0] : result;
  return output.find((part) => part.type === "chunk").code;
};
const [codecs, code] = await Promise.all([bundled("src/stages/image/codecs/entry.ts"), bundled(entry)]);
writeFileSync(out, `${hasCodecs(root) ? wrapCodecs(root, codecs) : ""}\n${code}`);
