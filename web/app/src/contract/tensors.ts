/** Checked rows to the tensors that feed the graph (spec/CONTRACT.md §1). */
import type { Contract, Value } from "./types";

export interface TensorData {
  dtype: "float64" | "string" | "bool" | "int64";
  data: Float64Array | string[] | Uint8Array | BigInt64Array;
  dims: [number, number];
}

export function makeTensors(
  contract: Contract,
  rows: readonly (readonly Value[])[],
): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  for (const { name, dtype, fields, stage } of contract.tensors) {
    if (stage !== undefined) continue; // made of the texts, in text/batch.ts
    const width = fields.length;
    const size = rows.length * width;
    let data: TensorData["data"];
    if (dtype === "float64") {
      data = new Float64Array(size);
      for (let r = 0; r < rows.length; r++) {
        for (let c = 0; c < width; c++) data[r * width + c] = (rows[r]![fields[c]!] as number | null) ?? NaN;
      }
    } else if (dtype === "bool") {
      data = new Uint8Array(size);
      for (let r = 0; r < rows.length; r++) {
        for (let c = 0; c < width; c++) data[r * width + c] = rows[r]![fields[c]!] === null ? 1 : 0;
      }
    } else {
      data = new Array<string>(size);
      for (let r = 0; r < rows.length; r++) {
        for (let c = 0; c < width; c++) data[r * width + c] = (rows[r]![fields[c]!] as string | null) ?? "";
      }
    }
    tensors.set(name, { dtype, data, dims: [rows.length, width] });
  }
  return tensors;
}
