/** The tensors that are the inputs of the graph, from checked rows (spec/CONTRACT.md §1). */
import type { Contract, Field, Stage, Tensor, Value } from "./contract";

export interface TensorData {
  dtype: Tensor["dtype"];
  data: Float64Array | Float32Array | string[] | Uint8Array | BigInt64Array;
  dims: readonly number[];
}

type Rows = readonly (readonly Value[])[];

/** A tensor with a column for each field of the types that feed it. */
interface Shared extends Pick<Tensor, "dtype"> {
  feeds: Field["type"]["feeds"];
  fill(rows: Rows, fields: readonly number[]): TensorData["data"];
}

/** A matrix of numbers, where NaN is missing; a matrix of strings, and a mask of the missing strings. */
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
  const staged = stages.flatMap((one, stage) =>
    one.type.outputsOf(one).map(({ name, dtype, shape }): Tensor => {
      const sizes = shape.map((size) => (typeof size === "number" ? size : `${size}${stage}`));
      return { name: `${name}${stage}`, dtype, shape: ["rows", ...sizes], fields: [one.field], stage };
    }),
  );
  return [...shared.filter((tensor) => tensor.fields.length > 0), ...staged];
}

/** The tensors that hold the values of rows. Those of stages are computed by the stages. */
export function makeTensors(contract: Contract, rows: Rows): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  for (const { name, dtype, fields } of contract.tensors) {
    const data = SHARED.get(name)?.fill(rows, fields);
    if (data) tensors.set(name, { dtype, data, dims: [rows.length, fields.length] });
  }
  return tensors;
}

/** The rows of a tensor from `start` to before `end`. */
export function partOf(tensor: TensorData, start: number, end: number): TensorData {
  const [rows, ...sizes] = tensor.dims;
  if (start === 0 && end === rows) return tensor;
  const size = sizes.reduce((all, one) => all * one, 1);
  return { ...tensor, data: tensor.data.slice(start * size, end * size), dims: [end - start, ...sizes] };
}

/** Fills `data` row by row. */
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
