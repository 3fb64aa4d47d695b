/** The licence notices of everything that ends up inside the page. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The npm packages that a page may contain, with the files of their licences; the build fails for any other. */
const LICENSES = {
  "onnxruntime-web": ["licenses/onnxruntime.txt"],
  svelte: ["node_modules/svelte/LICENSE.md"],
  clsx: ["node_modules/clsx/license"],
  // Only in pages whose model reads DICOM: the package, and the library that it is built from.
  "@cornerstonejs/codec-charls": ["node_modules/@cornerstonejs/codec-charls/LICENSE", "licenses/charls.txt"],
  "@cornerstonejs/codec-openjpeg": [
    "node_modules/@cornerstonejs/codec-charls/LICENSE",
    "licenses/openjpeg.txt",
  ],
};

export function notices(root) {
  const read = (path) => readFileSync(join(root, path), "utf8").trim();
  const installed = Object.entries(LICENSES).filter(([name]) => existsSync(join(root, "node_modules", name)));
  const parts = installed.map(([name, paths]) => {
    const { version } = JSON.parse(read(`node_modules/${name}/package.json`));
    return `${name} ${version}\n\n${paths.map(read).join("\n\n")}`;
  });
  const head = "This page contains software of others, under the licences below.";
  return `${[head, ...parts].join("\n\n----------------------------------------\n\n")}\n`;
}

/** The npm packages whose code is in a bundle of Vite's, by the paths of the modules that were not dropped. */
export function packagesOf(chunk) {
  const names = new Set();
  for (const [path, { renderedLength }] of Object.entries(chunk.modules)) {
    const inside = path.replace(/^\0/, "").split("/node_modules/").at(-1);
    if (!path.includes("/node_modules/") || renderedLength === 0) continue;
    names.add(
      inside
        .split("/")
        .slice(0, inside.startsWith("@") ? 2 : 1)
        .join("/"),
    );
  }
  return names;
}

/** Refuse a page that contains a package without a notice. */
export function checkNoticed(names) {
  const missing = names.filter((name) => !(name in LICENSES));
  if (missing.length) throw new Error(`build/notices.mjs has no licence of ${missing.join(", ")}`);
}
