/** The licence notices of everything that ends up inside the page. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export function notices(root) {
  const read = (path) => readFileSync(join(root, path), "utf8").trim();
  const parts = [
    "This page contains software of others, under the licences below.",
    read("licenses/onnxruntime.txt"),
    `Svelte\n\n${read("node_modules/svelte/LICENSE.md")}`,
  ];
  return `${parts.join("\n\n----------------------------------------\n\n")}\n`;
}
