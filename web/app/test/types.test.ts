/** Types of values and kinds of stages are known by their own modules alone. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseContract } from "../src/contract/parse";
import { TYPES, valueType } from "../src/contract/types";
import { STAGE_TYPES, stageType } from "../src/stages";

const SOURCE = join(import.meta.dirname, "../src");
/** The modules of the types and kinds; the types of tensors' elements; and what is made from the schemas. */
const OWNERS = /^(contract\/types\/|contract\/(elements|tensors)\.ts$|seal\/members\/)/;
/** Types of elements that kinds of outputs may have, and those of the text stage’s tensors and of stored arrays. */
const ELEMENTS = /^((contract\/outputs|stages)\/|seal\/arrays\.ts$)/;
const NAMES = [...TYPES.map(({ name }) => name), ...STAGE_TYPES.map(({ kind }) => kind)];
const COMPARED = new RegExp(
  String.raw`(?:[!=]==?|\bcase|\bincludes\()\s*["'](?:${NAMES.join("|")})["']|["'](?:${NAMES.join("|")})["']\s*[!=]==?`,
);
/** JavaScript's own types, and the `<input>` of a date. */
const OTHER = /\btypeof [\w.[\]"!?]+ [!=]== "string"/g;

function compared(line: string): boolean {
  return COMPARED.test(line.replace(OTHER, "")) || /\.dtype\s*[!=]==|\bisTime\b/.test(line);
}

const files = (readdirSync(SOURCE, { recursive: true }) as string[]).filter(
  (name) => /\.(ts|svelte)$/.test(name) && !OWNERS.test(name),
);

describe("types of values", () => {
  it.each(files)("%s compares none by its name", (name) => {
    const lines = readFileSync(join(SOURCE, name), "utf8").split("\n");
    expect(lines.filter(compared)).toEqual([]);
  });

  it.each(files.filter((name) => !ELEMENTS.test(name)))("%s names none", (name) => {
    const named = readFileSync(join(SOURCE, name), "utf8").match(
      /"(?:float64|float32|int64|datetime|text\/1)"/g,
    );
    expect(named).toBeNull();
  });

  it("the test itself", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(compared('if (field.dtype === "string") return')).toBe(true);
    expect(compared('if ("bool" === name) return')).toBe(true);
    expect(compared('case "date":')).toBe(true);
    expect(compared("a.dtype !== b")).toBe(true);
    expect(compared('if (typeof raw["name"] !== "string") return')).toBe(false);
  });

  it("are those of the schema", () => {
    expect(TYPES.map(({ name }) => name).sort()).toEqual(
      ["bool", "date", "datetime", "float32", "float64", "image", "int64", "string"].sort(),
    );
    expect(["", "text", "toString", "tensor[2]", null, 1].map(valueType)).toEqual(Array(6).fill(undefined));
    expect(STAGE_TYPES.map(({ kind }) => kind)).toEqual(["image/1", "text/1", "tokenizer/1"]);
    expect(stageType("text/2")).toBeUndefined();
  });

  const cases: [string, unknown[], unknown[]][] = [
    ["float64", [1, 2.5, true, "1", Infinity], [1, 2.5, 1, undefined, undefined]],
    ["float32", [0.1, 1e39], [Math.fround(0.1), undefined]],
    ["int64", [3, 2.5, 2 ** 53 - 1, 2 ** 53], [3, undefined, 2 ** 53 - 1, undefined]],
    ["bool", [true, 0, 1, 2, "true"], [1, 0, 1, undefined, undefined]],
    ["string", ["", "x", 1, "\0", "\ud800"], ["", "x", undefined, undefined, undefined]],
    ["date", ["1970-01-02", "1970-01-02T12:00", 5], [86_400_000_000, undefined, undefined]],
    ["datetime", ["1970-01-01T00:00:01", "noon"], [1_000_000, undefined]],
  ];
  it.each(cases)("%s takes values", (name, values, encoded) => {
    expect(values.map((value) => valueType(name)!.encode(value))).toEqual(encoded);
  });

  it.each(cases)("%s writes into the form what it reads from it", (name, values) => {
    const type = valueType(name)!;
    const rules = { missing: new Set([""]), words: new Map(), dates: null };
    for (const value of values) {
      const encoded = type.encode(value);
      if (encoded === undefined || encoded === "" || typeof encoded === "object") continue;
      expect(type.encode(type.cell(type.entry(encoded), rules))).toBe(encoded);
    }
  });
});

describe("controls of the form", () => {
  const line = (inputmode: string) => ({ kind: "line", inputmode });
  it("are chosen by the type", () => {
    const control = (name: string, entry = "") => valueType(name)!.control(null, entry);
    expect(control("float64")).toEqual(line("decimal"));
    expect(control("string")).toEqual(line("text"));
    expect(control("date")).toMatchObject({ kind: "picker", type: "date" });
    expect(control("datetime", "2024-03-01T12:00:00.5")).toMatchObject({
      type: "datetime-local",
      step: "0.001",
    });
  });

  it("is a line of text for what the browser's control cannot show", () => {
    expect(valueType("datetime")!.control(null, "2024-03-01T12:00:00.123456")).toEqual(line("text"));
    expect(valueType("date")!.control(null, "soon")).toEqual(line("text"));
  });

  it("has the range of the field", () => {
    expect(valueType("date")!.control([0, null], "")).toMatchObject({ min: "1970-01-01", max: undefined });
  });
});

describe("fields of a stage", () => {
  it.each([
    ["word", true],
    ["char_wb", true],
    ["whole", false],
    ["number", false],
    ["time", false],
  ])("analyzer %s", (analyzer, several) => {
    const type = stageType("text/1")!;
    expect(type.isMultiline({ type, field: 0, spec: { analyzer } })).toBe(several);
  });

  it("a contract that requires what the page lacks is refused as such", () => {
    const contract = { requires: ["type:tensor/1"], inputs: [{ name: "x", dtype: "tensor[2]" }] };
    expect(() => parseContract(contract)).toThrow(
      expect.objectContaining({ code: "E107", what: expect.stringContaining("type:tensor/1") }),
    );
  });
});
