import { describe, expect, it } from "vitest";
import { parseContract } from "../src/contract/parse";
import { SealiftError } from "../src/errors";
import { hex } from "../src/seal/bytes";
import { asNumber } from "../src/seal/json";
import { sha256Portable } from "../src/seal/sha256";
import { Stages } from "../src/stages";
import { murmur3 } from "../src/stages/text/murmur";
import { Malformed } from "../src/stages/read";
import { TextStage } from "../src/stages/text/stage";
import { readJson } from "./vectors";

interface Case {
  stage: string;
  text: string;
  terms?: string[];
  columns: [number, unknown][];
  refused?: boolean;
}
const { stages, cases, malformed } = readJson("spec/vectors/text.json") as {
  stages: Record<string, unknown>;
  cases: Case[];
  malformed: Record<string, { stage: unknown; message: string }>;
};

/** As Python sorts texts: by code points. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
  }
  return left.length - right.length;
}

const DATA = new Set(["accents", "edits", "lower", "pattern", "space", "stop_words", "vocabulary"]);

function contractOf(...specs: object[]): ReturnType<typeof parseContract> {
  const blobs = new Map<string, unknown>();
  const raw = {
    inputs: [
      { name: "n", dtype: "float64" },
      { name: "text", dtype: "string" },
    ],
    outputs: [{ name: "label", kind: "label", dtype: "int64" }],
    task: "clustering",
    tensors: [
      { name: "number", dtype: "float64", shape: ["rows", 1], fields: [0] },
      { name: "text", dtype: "string", shape: ["rows", 1], fields: [1] },
      { name: "text_missing", dtype: "bool", shape: ["rows", 1], fields: [1] },
      ...specs.flatMap((_, stage) => [
        { name: `terms${stage}`, dtype: "int64", shape: ["rows", `length${stage}`], fields: [1], stage },
        { name: `counts${stage}`, dtype: "float64", shape: ["rows", `length${stage}`], fields: [1], stage },
      ]),
    ],
    stages: specs.map((whole) => {
      const { field = 1, ...spec } = whole as { field?: number };
      const entries = Object.entries(spec) as [string, unknown][];
      const data = entries.filter(([key]) => DATA.has(key));
      return {
        stage: "text/1",
        fields: [field],
        spec: Object.fromEntries(entries.filter(([key]) => !DATA.has(key))),
        data: Object.fromEntries(
          data.map(([key, value]) => {
            const digest = hex(sha256Portable(new TextEncoder().encode(JSON.stringify(value))));
            blobs.set(digest, value);
            return [key, digest];
          }),
        ),
      };
    }),
    requires: specs.length > 0 ? ["stage:text/1"] : [],
  };
  return parseContract(raw, () => blobs);
}

describe.each(Object.keys(stages))("texts: %s", (name) => {
  const stage = new TextStage(stages[name]);
  it("gives scikit-learn's terms and columns", () => {
    const mine = cases.filter((each) => each.stage === name);
    expect(mine.length).toBeGreaterThan(50);
    for (const { text, terms, columns, refused } of mine) {
      expect(stage.refusedAs(text) !== "", text).toBe(refused ?? false);
      if (terms) expect(stage.terms(text).sort(byCodePoint), text).toEqual(terms);
      expect(stage.count(text), text).toEqual(columns.map(([column, value]) => [column, asNumber(value)]));
    }
  });
});

it.each(Object.entries(malformed))("refuses a stage with %s", (_, { stage, message }) => {
  expect(() => new TextStage(stage)).toThrow(new Malformed(message));
});

it("names the stage that is malformed", () => {
  const contract = contractOf({ analyzer: "word" });
  expect(() => Stages.of(contract)).toThrow(SealiftError);
  expect(() => Stages.of(contract)).toThrow("[E106] stage 0");
});

it("refuses a stage on a field that is no text", () => {
  const raw = { field: 0, ...(stages["default"] as object) };
  expect(() => contractOf(raw)).toThrow("its field must hold strings");
});

it("pads rows, and gives the graph no more than it can hold", () => {
  const contract = contractOf({ ...(stages["hashed"] as object), rows: 16 });
  const rows = Array.from({ length: 40 }, (_, i) => [i, i % 2 ? "one two three" : null] as const);
  const pieces = [...Stages.of(contract).pieces(rows)];
  expect(pieces.map((piece) => piece.rows.length)).toEqual([16, 16, 8]);
  const { data, dims } = pieces[0]!.tensors.get("terms0")!;
  expect(dims).toEqual([16, 3]);
  expect([...(data as BigInt64Array)].slice(0, 3)).toEqual([-1n, -1n, -1n]);
  expect(pieces.flatMap((piece) => piece.rows)).toEqual(rows);
});

it("gives up on a text that takes too long", () => {
  // a+b on a text of a: every attempt goes to the end in vain
  const pattern = {
    classes: [
      [97, 1],
      [98, 1],
    ],
    starts: [0, 0, 0, 0],
    next: [
      [0, 4, 0, 0],
      [0, 4, 6, 0],
      [1, 1, 1, 1],
    ],
  };
  const stage = new TextStage({ analyzer: "word", ngrams: [1, 1], pattern, vocabulary: ["aab"] });
  expect(stage.terms("xaabab")).toEqual(["aab", "ab"]);
  expect(() => stage.terms("a".repeat(20_000))).toThrow("[E207]");
});

describe("bounds", () => {
  const char = (least: number, most: number) => ({
    analyzer: "char",
    ngrams: [least, most],
    space: [],
    hash: { columns: 8, signs: false },
  });

  it("answers a megabyte of text whose terms stay within the bound, and refuses more at once", () => {
    const text = "ab".repeat(1 << 19);
    expect(new TextStage(char(1, 1)).count(text).length).toBe(2);
    expect(() => new TextStage(char(1, 64)).count(text)).toThrow("[E207]");
    expect(() => new TextStage(char(1, 6)).count(text)).toThrow("[E207]");
    expect(() => new TextStage(char(1, 6)).work("")).not.toThrow();
    expect(new TextStage(char(2, 3)).work("abcd")).toBe(20);
    expect(new TextStage(char(2, 64)).work("😀b")).toBe(4);
  });

  it("counts equal tables once, and refuses too many different ones", () => {
    const map = (first: number) => ({ rest: "keep", shifts: [first, 60000, 1, 1] });
    const stage = (first: number) => ({ accents: map(first), ...char(1, 1) });
    const made = (specs: object[]) => Stages.of(contractOf(...specs));
    expect(() => made(Array.from({ length: 40 }, () => stage(0xe000)))).not.toThrow();
    expect(() => made(Array.from({ length: 40 }, (_, i) => stage(0xe000 + i)))).toThrow("[E106] stage 17");
  });

  it("gives up on a row whose texts are too much together", () => {
    const stages = Stages.of(contractOf(...Array.from({ length: 5 }, () => char(1, 5))));
    expect(() => [...stages.pieces([[1, "a".repeat(1_000_000)]])]).toThrow("[E207]");
  });

  it("refuses a lower case that could look around for ever", () => {
    const lower = { map: { rest: "keep" }, cased: [], ignorable: [0x3a3, 1] };
    expect(() => new TextStage({ lower, ...char(1, 1) })).toThrow(Malformed);
  });
});

it("hashes as MurmurHash3 does", () => {
  // from the reference implementation, smhasher
  expect(murmur3("")).toBe(0);
  expect(murmur3("hello") >>> 0).toBe(0x248bfa47);
  expect(murmur3("hello, world") >>> 0).toBe(0x149bbb7f);
});

it("finds texts without a single known term", () => {
  const words = { ...(stages["default"] as object), vocabulary: ["cough", "fever"] };
  const read = Stages.of(contractOf(words));
  const of = (text: string | null) => [...read.cautions([0, text]).keys()];
  expect([of("fever"), of("xyzzy"), of(""), of(null)]).toEqual([[], [1], [], []]);
});
