/** Builds the page's parts into src/sealift/front/built, where the Python side assembles them with a sealed file. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { gzipAsync } from "@gfx/zopfli";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build } from "vite";
import { CODECS, hasCodecs, wrapCodecs } from "./codecs.mjs";
import { checkNoticed, notices, packagesOf } from "./notices.mjs";
import { wrapOrt } from "./ort.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = process.env.SEALIFT_FRONT_OUT ?? join(root, "../../src/sealift/front/built");
const ortDist = join(root, "node_modules/onnxruntime-web/dist");
const version = (name) =>
  JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;

/** The npm packages whose code is in the page; ONNX Runtime is taken as it is, without Vite. */
const bundled = new Set(["onnxruntime-web"]);

/** One classic script (and its style) from one entry. */
async function bundle(entry) {
  const result = await build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [svelte({ configFile: join(root, "svelte.config.js"), emitCss: true })],
    define: { "process.env.NODE_ENV": '"production"', __NOTICES__: JSON.stringify(notices(root)) },
    build: {
      write: false,
      target: "es2022",
      minify: true,
      cssCodeSplit: false,
      reportCompressedSize: false,
      lib: {
        entry: join(root, entry),
        formats: ["iife"],
        name: "sealift",
        fileName: "out",
        cssFileName: "out",
      },
    },
  });
  const { output } = Array.isArray(result) ? result[0] : result;
  const chunk = output.find((part) => part.type === "chunk");
  for (const name of packagesOf(chunk)) bundled.add(name);
  const { code } = chunk;
  const style = output.find((part) => part.fileName.endsWith(".css"));
  // Inside a <script> element only these three words can end or bend the parsing; JavaScript reads them the same.
  const safe = code.replace(/<(?=\/script|script|!--)/gi, "\\x3C");
  // The HTML parser would turn a raw carriage return into a line feed, and the policy's hash would no longer fit.
  if (/[\r\0]/.test(safe)) throw new Error(`${entry}: a raw control character in the built script`);
  return { code: safe.trim(), css: style ? String(style.source).trim() : "" };
}

async function compressedWasm() {
  const wasm = readFileSync(join(ortDist, "ort-wasm-simd-threaded.wasm"));
  // Zopfli takes half a minute for 5 % over gzip -9, so the last result is kept, and used if it is of this binary.
  const before = join(out, "ort.wasm.gz");
  if (existsSync(before)) {
    const kept = readFileSync(before);
    if (unpacksTo(kept, wasm)) return kept;
  }
  const packed = Buffer.from(await gzipAsync(wasm, { numiterations: 1, blocksplitting: true }));
  if (!unpacksTo(packed, wasm)) throw new Error("the compressed WebAssembly does not unpack to itself");
  return packed;
}

function unpacksTo(packed, wanted) {
  try {
    return gunzipSync(packed).equals(wanted);
  } catch {
    return false;
  }
}

const [loader, ui, worker, codecs, wasm] = await Promise.all([
  bundle("src/shell/loader.ts"),
  bundle("src/ui/main.ts"),
  bundle("src/engine/worker.ts"),
  bundle("src/stages/image/codecs/entry.ts"),
  compressedWasm(),
]);
const isComplete = hasCodecs(root);
if (isComplete) for (const name of CODECS) bundled.add(name);
else console.warn("codecs.js is left out, because its packages are not installed: run npm ci");
checkNoticed([...bundled]);
const ort = wrapOrt(readFileSync(join(ortDist, "ort.wasm.bundle.min.mjs"), "utf8"));
const files = {
  "shell.html": readFileSync(join(root, "src/shell/shell.html")),
  "shell.css": readFileSync(join(root, "src/shell/shell.css")),
  "loader.js": loader.code,
  "ui.html": readFileSync(join(root, "src/shell/ui.html")),
  "ui.css": ui.css,
  "ui.js": ui.code,
  "worker.js": `${ort}\n${worker.code}`,
  ...(isComplete ? { "codecs.js.gz": gzipSync(wrapCodecs(root, codecs.code), { level: 9 }) } : {}),
  "ort.wasm.gz": wasm,
  "notices.txt": notices(root),
};
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const listed = {};
for (const [name, content] of Object.entries(files)) {
  const bytes = Buffer.from(content);
  writeFileSync(join(out, name), bytes);
  listed[name] = { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
}
const versions = Object.fromEntries(
  ["onnxruntime-web", "svelte", "vite"].map((name) => [name, version(name)]),
);
const front = { files: listed, versions, bundled: [...bundled].sort() };
writeFileSync(join(out, "front.json"), `${JSON.stringify(front, null, 1)}\n`);
for (const [name, { size }] of Object.entries(listed)) console.log(`${name.padEnd(12)} ${size}`);
