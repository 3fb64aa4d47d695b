// Runs graphs in the page's own WebAssembly build of ONNX Runtime, for `sealift.runtime.engines.wasm`.
// node wasm_host.js WORKER_JS WASM_GZ; then frames on stdin, a frame on stdout for each: u32 length of a JSON header,
// the header, and the bytes it announces.
"use strict";
const fs = require("node:fs");
const vm = require("node:vm");
const zlib = require("node:zlib");

const [, , workerPath, wasmPath] = process.argv;
globalThis.self = globalThis;
// The worker's own code listens for messages that never come; only the bundle in front of it is wanted.
globalThis.postMessage = globalThis.addEventListener = () => undefined;
vm.runInThisContext(fs.readFileSync(workerPath, "utf8"), { filename: "worker.js" });

const sessions = new Map();

function decode(tensor, bytes) {
  if (tensor.dtype === "string") return JSON.parse(Buffer.from(bytes).toString("utf8"));
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const Kind = { bool: Uint8Array, int64: BigInt64Array, float32: Float32Array }[tensor.dtype] ?? Float64Array;
  return new Kind(copy);
}

function encode(tensor) {
  const data = tensor.data;
  if (tensor.type === "string") return Buffer.from(JSON.stringify(data));
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

async function handle(ort, header, payload) {
  if (header.op === "load") {
    let start = header.graph;
    const externalData = header.weights.map(({ path, size }) => {
      const data = new Uint8Array(payload.subarray(start, start + size));
      start += size;
      return { path, data };
    });
    const session = await ort.InferenceSession.create(new Uint8Array(payload.subarray(0, header.graph)), {
      externalData,
      executionProviders: ["wasm"],
      logSeverityLevel: 3,
      extra: { optimization: { disable_specified_optimizers: "ConstantFolding" } }, // as the page does
    });
    sessions.set(header.id, session);
    return [{}, []];
  }
  if (header.op === "drop") {
    await sessions.get(header.id)?.release();
    sessions.delete(header.id);
    return [{}, []];
  }
  const feeds = {};
  let start = 0;
  for (const tensor of header.tensors) {
    const bytes = payload.subarray(start, start + tensor.size);
    start += tensor.size;
    feeds[tensor.name] = new ort.Tensor(tensor.dtype, decode(tensor, bytes), tensor.shape);
  }
  const found = await sessions.get(header.id).run(feeds, header.outputs);
  const parts = header.outputs.map((name) => encode(found[name]));
  const outputs = header.outputs.map((name, i) => ({
    name,
    dtype: found[name].type,
    shape: found[name].dims,
    size: parts[i].length,
  }));
  return [{ outputs }, parts];
}

function reply(header, parts) {
  const head = Buffer.from(JSON.stringify({ ...header, size: parts.reduce((sum, part) => sum + part.length, 0) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  for (const part of [length, head, ...parts]) {
    for (let done = 0; done < part.length; ) {
      try {
        done += fs.writeSync(1, part, done);
      } catch (error) {
        if (error.code !== "EAGAIN") throw error;
      }
    }
  }
}

async function main() {
  const ort = await self.ortReady;
  const wasm = zlib.gunzipSync(fs.readFileSync(wasmPath));
  ort.env.wasm.wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength);
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  let pending = Buffer.alloc(0);
  const chunks = process.stdin[Symbol.asyncIterator]();
  async function take(size) {
    const parts = [pending];
    let held = pending.length;
    while (held < size) {
      const { value, done } = await chunks.next();
      if (done) process.exit(0);
      parts.push(value);
      held += value.length;
    }
    const all = Buffer.concat(parts, held);
    pending = all.subarray(size);
    return all.subarray(0, size);
  }
  for (;;) {
    const header = JSON.parse((await take((await take(4)).readUInt32LE(0))).toString("utf8"));
    const payload = await take(header.size);
    try {
      reply(...(await handle(ort, header, payload)));
    } catch (error) {
      reply({ error: String(error?.message ?? error).slice(0, 500) }, []);
    }
  }
}

main();
