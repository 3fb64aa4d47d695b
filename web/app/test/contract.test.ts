import { describe, expect, it } from "vitest";
import { CsvReader } from "../src/contract/csv";
import { matchHeader, type Columns } from "../src/contract/header";
import { parseContract } from "../src/contract/parse";
import { makeTensors } from "../src/contract/tensors";
import type { Contract, DType, Value } from "../src/contract/types";
import { checkCell, checkValue, readCell, typed } from "../src/contract/value";
import { SealiftError } from "../src/errors";
import { readJson } from "./vectors";

interface CellCase {
  dtype: DType;
  cell: string;
  value: string | number | null;
  missing: boolean;
  code: string | null;
}
interface Problem {
  row: number;
  field: string;
  code: string;
}

describe("cells", () => {
  const cases = readJson("spec/vectors/cells.json") as CellCase[];
  it.each(cases)("$dtype $cell", ({ dtype, cell, value, missing, code }) => {
    const read = readCell(cell, dtype);
    expect(read === null).toBe(missing);
    if (missing) return;
    const got = typed(read, dtype);
    expect(got === undefined ? "R102" : null).toBe(code);
    if (code === null) expect(got).toBe(value); // toBe tells -0 from 0
  });
});

describe("rows", () => {
  const { cases } = readJson("spec/vectors/rows.json") as {
    cases: {
      name: string;
      contract: unknown;
      rows: unknown[][];
      tensors: Record<string, unknown[][]>;
      problems: Problem[];
    }[];
  };
  it.each(cases)("$name", ({ contract: raw, rows, tensors, problems }) => {
    const contract = parseContract(raw);
    const found: Problem[] = [];
    const good: Value[][] = [];
    rows.forEach((row, at) => {
      const values: Value[] = [];
      contract.inputs.forEach((field, i) => {
        const checked = checkValue(field, row[i]);
        if ("value" in checked) values.push(checked.value);
        else found.push({ row: at + 1, field: field.name, code: checked.code });
      });
      if (values.length === contract.inputs.length) good.push(values);
    });
    expect(found).toEqual(problems);
    const made = makeTensors(contract, good);
    expect([...made.keys()].sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, tensor] of made) {
      const flat = [...(tensor.data as Iterable<string | number>)].map((v) =>
        tensor.dtype === "bool" ? Boolean(v) : Number.isNaN(v) ? "NaN" : v,
      );
      expect(flat).toEqual(tensors[name]!.flat());
      expect(tensor.dims).toEqual([
        good.length,
        contract.tensors.find((t) => t.name === name)!.fields.length,
      ]);
    }
  });
});

interface CsvCase {
  name: string;
  contract: unknown;
  text: string;
  error: string | null;
  rows: (string[] | null)[];
  problems: Problem[];
  extra: string[];
}

/** Reads as file mode does, the text cut into pieces of `size`. */
function readCsv(contract: Contract, text: string, carry: boolean, size: number) {
  const reader = new CsvReader();
  const bare = text.replace(/^\ufeff/, ""); // the decoder of file mode drops the mark
  const records: string[][] = [];
  for (let at = 0; at < bare.length; at += size) records.push(...reader.push(bare.slice(at, at + size)));
  records.push(...reader.end());
  if (records.length === 0) throw new SealiftError("E404", "", "", "");
  const columns: Columns = matchHeader(contract, records[0]!, carry);
  if (records.length === 1) throw new SealiftError("E105", "", "", "");
  const problems: Problem[] = [];
  const rows = records.slice(1).map((record, at) => {
    if (record.length !== columns.width) {
      problems.push({ row: at + 1, field: "", code: "R105" });
      return null;
    }
    return contract.inputs.map((field, i) => {
      const cell = record[columns.inputs[i]!]!;
      const checked = checkCell(field, cell);
      if ("code" in checked) problems.push({ row: at + 1, field: field.name, code: checked.code });
      return cell;
    });
  });
  return { rows, problems, extra: columns.extra.map((column) => column.name) };
}

describe("csv", () => {
  const { cases } = readJson("spec/vectors/csv.json") as { cases: CsvCase[] };
  describe.each([1, 2, 7, 1 << 20])("in pieces of %d", (size) => {
    it.each(cases)("$name", ({ contract: raw, text, error, rows, problems, extra }) => {
      const contract = parseContract(raw);
      let code: string | null = null;
      try {
        expect(readCsv(contract, text, extra.length > 0, size)).toEqual({ rows, problems, extra });
      } catch (thrown) {
        if (!(thrown instanceof SealiftError)) throw thrown;
        code = thrown.code;
      }
      expect(code).toBe(error);
    });
  });

  it("names the column that was probably meant", () => {
    const contract = parseContract(cases[0]!.contract);
    expect(() => matchHeader(contract, ["Age ", "sex"], false)).toThrow('Rename the column "Age " to "age".');
    expect(() => matchHeader(contract, ["weight", "sex"], false)).toThrow("Add the columns");
  });
});
