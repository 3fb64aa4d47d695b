/** The decoders of compressed DICOM frames as one classic script, which a worker runs before its own. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The npm packages whose programs are in the script. */
export const CODECS = ["@cornerstonejs/codec-charls", "@cornerstonejs/codec-openjpeg"];

const PROGRAMS = {
  charls: [`${CODECS[0]}/dist/charlswasm_decode`, "CharLSWASM"],
  openjpeg: [`${CODECS[1]}/dist/openjpegwasm_decode`, "OpenJPEGWASM"],
};

/** Whether the packages are installed; without them a front end is built that makes no pages for DICOM (E601). */
export function hasCodecs(root) {
  return CODECS.every((name) => existsSync(join(root, "node_modules", name)));
}

/** The script, from the code of src/stages/image/codecs. The binaries are part of it, because the page's policy permits no request. */
export function wrapCodecs(root, code) {
  const read = (path, encoding) => readFileSync(join(root, "node_modules", path), encoding);
  const parts = Object.entries(PROGRAMS).map(([key, [path, name]]) => {
    const source = read(`${path}.js`, "utf8");
    // The policy forbids code from strings.
    if (/\bnew Function\b|\beval\(|import\.meta/.test(source)) throw new Error(`${path}: code from strings`);
    const binary = JSON.stringify(read(`${path}.wasm`, "base64"));
    return `${key}:[(()=>{var module,exports,define;${source}\nreturn ${name};})(),${binary}]`;
  });
  return `self.sealiftBinaries={${parts.join(",")}};\n${code}`;
}
