import { describe, expect, it } from "vitest";
import { CsvReader } from "../src/contract/csv";
import { matchHeader, type Columns } from "../src/contract/header";
import { DAY, microsOf, textOf } from "../src/contract/moments";
import { percent, readable } from "../src/contract/numbers";
import { parseContract } from "../src/contract/parse";
import { makeTensors } from "../src/contract/tensors";
import {
  columnNames,
  shown,
  type Contract,
  type Field,
  type Scalar,
  type Value,
} from "../src/contract/contract";
import { checkCell, checkValue } from "../src/contract/value";
import { SealiftError } from "../src/errors";
import { readJson, refusalOf } from "./vectors";

interface CellCase {
  field?: Record<string, unknown>;
  dtype: string;
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

function fieldOf(keys: Record<string, unknown>): Field {
  const tensor = keys["dtype"] === "string" ? "text" : "number";
  const text = [
    { name: "text", dtype: "string", shape: ["rows", 1], fields: [0] },
    { name: "text_missing", dtype: "bool", shape: ["rows", 1], fields: [0] },
  ];
  const number = [{ name: "number", dtype: "float64", shape: ["rows", 1], fields: [0] }];
  return parseContract({
    inputs: [{ name: "a", ...keys }],
    outputs: [{ name: "value", kind: "value", dtype: "float64" }],
    task: "regression",
    tensors: tensor === "text" ? text : number,
  }).inputs[0]!;
}

describe("cells", () => {
  const cases = readJson("spec/vectors/cells.json") as CellCase[];
  it.each(cases)("$dtype $cell", ({ dtype, cell, value, missing, code, field }) => {
    const { cells: reader, type } = fieldOf({ ...field, dtype });
    const read = reader.read(cell);
    expect(read === null).toBe(missing);
    if (missing) return;
    const got = type.encode(read);
    expect(got === undefined ? "R102" : null).toBe(code);
    if (code === null) expect(got).toBe(value); // toBe tells -0 from 0
  });
});

describe("fields", () => {
  const cases = readJson("spec/vectors/fields.json") as Record<
    "refused" | "accepted",
    { name: string; field: Record<string, unknown>; message?: string }[]
  >;
  it.each(cases.refused)("refuses: $name", ({ field, message }) => {
    expect(refusalOf(() => fieldOf(field))).toEqual({ code: "E106", message });
  });
  it.each(cases.accepted)("accepts: $name", ({ field }) => {
    expect(fieldOf(field).name).toBe("a");
  });
});

describe("names of outputs, classes and categories", () => {
  const cases = readJson("spec/vectors/names.json") as {
    why: string;
    contract: unknown;
    code: string | null;
    columns: string[] | null;
    message?: string;
  }[];
  it.each(cases)("$why", ({ contract, code, columns, message }) => {
    if (code === null) {
      expect(parseContract(contract).outputs.flatMap(columnNames)).toEqual(columns);
      return;
    }
    expect(refusalOf(() => parseContract(contract))).toEqual({ code, message });
  });
});

describe("numbers for people", () => {
  const { numbers, shares, labels } = readJson("spec/vectors/shown.json") as Record<
    "numbers" | "shares",
    { value: number; text: string }[]
  > & { labels: { value: Scalar; text: string }[] };
  it.each(labels)("a label $value", ({ value, text }) => expect(shown(value)).toBe(text));
  it.each(numbers)("$value", ({ value, text }) => expect(readable(value)).toBe(text));
  it.each(shares)("a probability of $value", ({ value, text }) => expect(percent(value)).toBe(text));
  it("has words for what is no number", () => {
    expect([readable(Infinity), readable(-Infinity), readable(NaN)]).toEqual(["∞", "-∞", "NaN"]);
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
    const refused: Problem[] = [];
    const good: Value[][] = [];
    rows.forEach((row, at) => {
      const values: Value[] = [];
      contract.inputs.forEach((field, i) => {
        const checked = checkValue(field, row[i]);
        if ("value" in checked) values.push(checked.value);
        else refused.push({ row: at + 1, field: field.name, code: checked.code });
      });
      if (values.length === contract.inputs.length) good.push(values);
    });
    expect(refused).toEqual(problems);
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

describe("dates", () => {
  const outputs = [{ name: "label", kind: "label", dtype: "int64" }];
  const tensors = [{ name: "number", dtype: "float64", shape: ["rows", 1], fields: [0] }];
  const parse = (field: object) =>
    parseContract({ inputs: [{ name: "a", ...field }], outputs, tensors, task: "clustering" });

  it.each([
    { dtype: "date", range: [0, 1] },
    { dtype: "date", range: ["2024-02-30", null] },
    { dtype: "date", range: ["2024-02-01T12:00:00", null] },
    { dtype: "datetime", observed: [null, 1.7e15] },
    { dtype: "date", typical: 0 },
    { dtype: "datetime", typical: "noon" },
    { dtype: "date", categories: ["2024-01-01"] },
    { dtype: "float64", range: ["2024-01-01", null] },
    { dtype: "float64", range: [2, 1] },
    { dtype: "int64", observed: [2, 1] },
    { dtype: "date", range: ["2024-02-02", "2024-02-01"] },
    { dtype: "string", range: [null, null] },
    { dtype: "time" },
  ])("a malformed field %j", (field) => {
    expect(() => parse(field)).toThrow(SealiftError);
  });

  it("writes what it reads, in every year", () => {
    for (let days = -719_162; days <= 2_932_896; days += 1009) {
      const micros = days * DAY + (Math.abs(days * 7919) % 86_400) * 1_000_000;
      expect(microsOf(textOf(micros))).toBe(micros);
      expect(textOf(micros).slice(0, 10)).toBe(textOf(days * DAY, true));
    }
    expect(textOf(-1)).toBe("1969-12-31T23:59:59.999999");
    expect(textOf(500_000)).toBe("1970-01-01T00:00:00.5");
  });

  it("says how a date is written", () => {
    const { inputs } = parse({ dtype: "datetime", range: ["2020-01-01T00:00:00", null] });
    const checked = (cell: string) => JSON.stringify(checkCell(inputs[0]!, cell));
    expect(checked("2024-03-01 12:00:00")).toContain("Write a T between date and time.");
    expect(checked("2024-03-01T12:00:00Z")).toContain("Time zones are not supported");
    expect(checked("01.03.2024")).toContain("must be a date with its time as 2024-03-01T12:30:00.");
    expect(checked("2019-12-31")).toContain("must be at least 2020-01-01T00:00:00.");
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
function readCsv(contract: Contract, text: string, keepExtra: boolean, size: number) {
  const reader = new CsvReader();
  const bare = text.replace(/^\ufeff/, ""); // the decoder of file mode drops the mark
  const records: string[][] = [];
  for (let at = 0; at < bare.length; at += size) records.push(...reader.push(bare.slice(at, at + size)));
  records.push(...reader.end());
  if (records.length === 0) throw new SealiftError("E404", "", "", "");
  const columns: Columns = matchHeader(contract, records[0]!, keepExtra);
  if (records.length === 1) throw new SealiftError("E105", "", "", "");
  const problems: Problem[] = [];
  const rows = records.slice(1).map((record, at) => {
    if (record.length !== columns.width) {
      if (record.length === 0) problems.push({ row: at + 1, field: "", code: "R107" });
      else problems.push({ row: at + 1, field: "", code: "R105" });
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

describe("malformed contracts", () => {
  const { malformed } = readJson("spec/vectors/contracts.json") as {
    malformed: { name: string; contract: unknown; code?: string; message: string }[];
  };
  it.each(malformed)("$name", ({ contract, code = "E106", message }) => {
    expect(refusalOf(() => parseContract(contract))).toEqual({ code, message });
  });
});
