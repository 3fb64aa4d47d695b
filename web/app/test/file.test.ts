/** File mode: rows that stay in their places, cautions, words for missing values, and ends before the end. */
import { describe, expect, it } from "vitest";
import { cautionsOf } from "../src/contract/cautions";
import { parseContract } from "../src/contract/parse";
import type { Contract, Value } from "../src/contract/contract";
import { scoreFile } from "../src/engine/file";
import type { FileOptions, FileReport } from "../src/engine/protocol";
import type { Model } from "../src/engine/session";

const CONTRACT = {
  inputs: [
    { name: "age", dtype: "float64", missing: "allowed", observed: [18, 90] },
    { name: "ward", dtype: "string", missing: "allowed", categories: ["north", "south"] },
    { name: "albumin", dtype: "float64", missing: "allowed", observed: [2, 5], units: "g/dl" },
    { name: "sex", dtype: "string", missing: "refused", categories: ["f", "m"], unknown: "refused" },
  ],
  outputs: [{ name: "value", kind: "value", dtype: "float64" }],
  task: "regression",
  tensors: [
    { name: "number", dtype: "float64", shape: ["rows", 2], fields: [0, 2] },
    { name: "text", dtype: "string", shape: ["rows", 2], fields: [1, 3] },
    { name: "text_missing", dtype: "bool", shape: ["rows", 2], fields: [1, 3] },
  ],
};
const STRICT = {
  analyzer: "number",
  ngrams: [1, 1],
  unreadable: "refused",
  missing: ["-"],
  infinite: "refused",
};
const STAGED = [
  { name: "terms0", dtype: "int64", shape: ["rows", "length0"], fields: [1], stage: 0 },
  { name: "counts0", dtype: "float64", shape: ["rows", "length0"], fields: [1], stage: 0 },
];
const HEADER = "age,ward,albumin,sex";

function modelOf(contract: Contract, wait = 0): Model {
  return {
    contract,
    cautions: (row: readonly Value[]) => cautionsOf(contract, row),
    prepare: (row: readonly Value[]) => Promise.resolve({ row, problems: [] }),
    predict: async (rows: readonly (readonly Value[])[]) => {
      if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
      return [{ name: "value", width: null, data: rows.map((row) => Number(row[0] ?? -1)) }];
    },
  } as unknown as Model;
}

async function run(
  text: string,
  options: Partial<FileOptions> = {},
  contract: unknown = CONTRACT,
): Promise<FileReport & { lines: string[] }> {
  const report = await scoreFile(
    modelOf(parseContract(contract)),
    new File([text], "rows.csv"),
    { keepExtra: false, copy: true, missing: {}, ...options },
    () => undefined,
    new AbortController().signal,
  );
  return { ...report, lines: (await report.csv.text()).trimEnd().split("\n") };
}

describe("texts that a stage refuses", () => {
  const contract = {
    ...CONTRACT,
    requires: ["stage:text/1"],
    stages: [{ stage: "text/1", fields: [1], spec: STRICT, data: {} }],
    tensors: [...CONTRACT.tensors, ...STAGED],
  };

  it("are errors of their rows, in the words of the command line", async () => {
    const lines = [HEADER, "20,1.5,3,f", "30,1_5,3,m", "40,,3,f", "50,-,3,f", "60,inf,3,f", "x,'1,3,f"];
    const report = await run(lines.join("\n"), {}, contract);
    expect(report).toMatchObject({ rows: 6, good: 3, bad: 3 });
    expect(report.badRows.map(({ row, field, code }) => [row, field, code])).toEqual([
      [2, "ward", "R108"],
      [5, "ward", "R108"],
      [6, "age", "R102"],
      [6, "ward", "R108"],
    ]);
    expect(report.badRows[0]!.message).toBe(
      "\"ward\" is the text '1_5', which cannot be read as a finite number.",
    );
  });
});

describe("rows", () => {
  it.each(["\n", "\r\n", "\r"])("stay beside their records, empty ones too (%j)", async (end) => {
    const lines = [HEADER, "20,north,3,f", "", "30,south,3,m", ",,,", "", "40,north,3,f", "", ",,,", ""];
    const report = await run(lines.join(end));
    expect(report).toMatchObject({ rows: 6, good: 3, bad: 3, blank: 3 });
    expect(report.lines).toEqual([
      "row,age,ward,albumin,sex,value,caution,error",
      "1,20,north,3,f,20,,",
      "2,,,,,,,[R107] The record is empty.",
      "3,30,south,3,m,30,,",
      "4,,,,,,,[R107] The record is empty.",
      "5,,,,,,,[R107] The record is empty.",
      "6,40,north,3,f,40,,",
    ]);
  });

  it("have the file's columns only when asked, and other names where two would be equal", async () => {
    const text = `value,row,${HEADER}\nx,y,20,north,3,f\n`;
    const kept = await run(text, { keepExtra: true, copy: false });
    expect(kept.lines).toEqual(["row,input_value,input_row,value,caution,error", "1,x,y,20,,"]);
    expect(kept.copied).toBe(2);
    expect((await run(`${HEADER}\n20,north,3,f\n`, { copy: false })).lines[1]).toBe("1,20,,");
  });

  it("of another width keep their place", async () => {
    const report = await run(`${HEADER}\n20,north,3\n20,north,3,f,surplus\n20,north,3,f`);
    expect(report.preview.map((line) => line.length)).toEqual([8, 8, 8]);
    expect(report.badRows.map((bad) => bad.code)).toEqual(["R105", "R105"]);
  });
});

describe("cautions", () => {
  it("are those of the form, in a column of their own", async () => {
    const report = await run(`${HEADER}\n-5,attic,38,f\n,,,m\n20,north,3,f\n`);
    expect(report.cautioned).toBe(2);
    const caution = report.header.indexOf("caution");
    expect(report.preview.map((line) => line[caution])).toEqual([
      '"age" is unlike the training data (mostly 18 to 90). "ward" is not among the known values. ' +
        '"albumin" is unlike the training data (mostly 2 to 5 g/dl).',
      "3 of 4 fields are empty.",
      "",
    ]);
    expect(report.notes).toMatchObject([
      { field: "age", unlike: 1, missing: 1 },
      { field: "ward", category: 1, unknown: [["attic", 1]], missing: 1 },
      { field: "albumin", unlike: 1, missing: 1 },
    ]);
  });

  it.each(["NA", "n/a", "-", "#N/A", "?", "Unknown"])(
    "point out %j, which can be read as missing",
    async (word) => {
      const text = `${HEADER}\n20,${word},3,f\n30,${word},3,m\n40,attic,3,m\n`;
      const first = await run(text);
      expect(first.notes).toMatchObject([
        { field: "ward", suspects: [[word, 2]], category: 1, unknown: [["attic", 1]], missingAllowed: true },
      ]);
      const second = await run(text, { missing: { ward: [word] } });
      expect(second.notes).toMatchObject([{ field: "ward", suspects: [], category: 1, missing: 2 }]);
      expect(second.cautioned).toBe(1);
    },
  );

  it("point out such words in numbers that were refused, and where a value is needed", async () => {
    const report = await run(`${HEADER}\n-,north,3,f\n30,north,3,?\n`);
    expect(report).toMatchObject({ good: 0, bad: 2 });
    expect(report.notes).toMatchObject([
      { field: "age", suspects: [["-", 1]], missingAllowed: true },
      { field: "sex", suspects: [["?", 1]], missingAllowed: false },
    ]);
    const second = await run(`${HEADER}\n-,north,3,f\n`, { missing: { age: ["-"] } });
    expect(second.lines[1]).toBe("1,-,north,3,f,-1,,");
  });

  it("leave a known category alone, whatever it is called", async () => {
    const contract = structuredClone(CONTRACT);
    contract.inputs[1]!.categories = ["none", "north"];
    const report = await scoreFile(
      modelOf(parseContract(contract)),
      new File([`${HEADER}\n20,none,3,f\n`], "rows.csv"),
      { keepExtra: false, copy: true, missing: {} },
      () => undefined,
      new AbortController().signal,
    );
    expect(report).toMatchObject({ notes: [], cautioned: 0 });
  });
});

describe("a run", () => {
  const many = `${HEADER}\n${"20,north,3,f\n".repeat(3000)}`;
  const options = { keepExtra: false, copy: true, missing: {} };

  it("lets other messages in between, and ends when it is cancelled", async () => {
    const controller = new AbortController();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const running = scoreFile(
      modelOf(parseContract(CONTRACT), 5),
      new File([many], "rows.csv"),
      options,
      ({ rows }) => rows > 500 && controller.abort(),
      controller.signal,
    );
    await expect(running).rejects.toMatchObject({ code: "E401" });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  it("of a file that cannot be read says so", async () => {
    const file = new File(["x"], "folder");
    file.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("NotFoundError")) }) as never;
    const running = scoreFile(
      modelOf(parseContract(CONTRACT)),
      file,
      options,
      () => undefined,
      new AbortController().signal,
    );
    await expect(running).rejects.toMatchObject({ code: "E401", where: "folder" });
  });
});
