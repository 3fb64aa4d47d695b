/** Checked rows to the tensors that feed the graph (spec/CONTRACT.md §1). */
import type { Contract, Field, Stage, Tensor, Value } from "./contract";

export interface TensorData {
  dtype: Tensor["dtype"];
  data: Float64Array | string[] | Uint8Array | BigInt64Array;
  dims: [number, number];
}

type Rows = readonly (readonly Value[])[];

/** A tensor that holds fields of all types that feed it, one column each. */
interface Shared extends Pick<Tensor, "dtype"> {
  feeds: Field["type"]["feeds"];
  fill(rows: Rows, fields: readonly number[]): TensorData["data"];
}

/** Numbers in one matrix, where NaN is missing; texts in another, with a mask of the missing ones beside it. */
const SHARED: ReadonlyMap<string, Shared> = new Map<string, Shared>([
  [
    "number",
    {
      dtype: "float64",
      feeds: "number",
      fill: (rows, fields) =>
        filled(rows, fields, new Float64Array(rows.length * fields.length), (value) =>
          value === null ? NaN : (value as number),
        ),
    },
  ],
  [
    "text",
    {
      dtype: "string",
      feeds: "text",
      fill: (rows, fields) =>
        filled(
          rows,
          fields,
          new Array<string>(rows.length * fields.length),
          (value) => (value ?? "") as string,
        ),
    },
  ],
  [
    "text_missing",
    {
      dtype: "bool",
      feeds: "text",
      fill: (rows, fields) =>
        filled(rows, fields, new Uint8Array(rows.length * fields.length), (value) => Number(value === null)),
    },
  ],
]);

/** The tensors that follow from inputs and stages. */
export function tensorsOf(inputs: readonly Field[], stages: readonly Stage[]): Tensor[] {
  const shared = [...SHARED].map(([name, { dtype, feeds }]): Tensor => {
    const fields = inputs.flatMap(({ type }, i) => (type.feeds === feeds ? [i] : []));
    return { name, dtype, shape: ["rows", fields.length], fields };
  });
  const staged = stages.flatMap(({ kind, field }, number) => kind.tensors(field, number));
  return [...shared.filter((tensor) => tensor.fields.length > 0), ...staged];
}

export function makeTensors(contract: Contract, rows: Rows): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  for (const { name, dtype, fields } of contract.tensors) {
    const data = SHARED.get(name)?.fill(rows, fields); // others are made by stages, in text/batch.ts
    if (data) tensors.set(name, { dtype, data, dims: [rows.length, fields.length] });
  }
  return tensors;
}

/** `data` row by row. */
function filled<T, Data extends { [at: number]: T }>(
  rows: Rows,
  fields: readonly number[],
  data: Data,
  cell: (value: Value) => T,
): Data {
  let at = 0;
  for (const row of rows) {
    for (const field of fields) data[at++] = cell(row[field]!);
  }
  return data;
}
