/**
 * ONNX Runtime Web's bundle, rewritten so that it runs inside a classic blob worker.
 * Module workers made from blobs fail without a word under our content policy, and a classic script
 * knows neither `export` nor `import.meta`.
 */
export function wrapOrt(source) {
  const exported = source.match(/export\s*\{([^}]*)\}\s*;?/g) ?? [];
  if (exported.length !== 1)
    throw new Error(`expected one export list in the ort bundle, found ${exported.length}`);
  const members = exported[0]
    .replace(/^export\s*\{|\}\s*;?$/g, "")
    .split(",")
    .map((pair) => pair.trim().split(/\s+as\s+/))
    .map(([local, name]) => `${JSON.stringify(name ?? local)}:${local}`);
  const body = source
    .replace(exported[0], "")
    .replace(/\/\/# sourceMappingURL=.*$/m, "")
    // Never fetched: the binary is handed over. An https text keeps the bundle's URL arithmetic from failing.
    .replaceAll("import.meta.url", '"https://sealift.invalid/ort.mjs"');
  if (/\bimport\.meta\b/.test(body)) throw new Error("import.meta is left in the ort bundle");
  return `self.ortReady=(async()=>{${body}\nreturn{${members.join(",")}}})();`;
}
