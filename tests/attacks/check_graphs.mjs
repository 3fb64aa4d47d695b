// The page's check of graphs for fuzz_graph.py: node check_graphs.mjs BUNDLE; u32 length and bytes on stdin for each
// graph, a line on stdout with the code of its refusal or "accepted".
import { readSync, writeSync } from "node:fs";

const { checkGraph } = await import(process.argv[2]);

function take(size) {
  const data = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const got = readSync(0, data, at, size - at, null);
    if (got === 0) process.exit(0);
    at += got;
  }
  return data;
}

for (;;) {
  const data = take(take(4).readUInt32LE(0));
  let line = "accepted";
  try {
    checkGraph(new Uint8Array(data));
  } catch (error) {
    line = error.code ?? `${error.name}: ${error.message}`;
  }
  writeSync(1, `${line}\n`);
}
