/** Places of tokens, and spans, are those of Python. */
import { describe, expect, it } from "vitest";
import { elementOf } from "../src/contract/elements";
import { kindOf } from "../src/contract/outputs";
import { spansOf, type Span, type Strategy } from "../src/contract/outputs/tokenSpans";
import { TokenizerStage } from "../src/stages/tokenizer/stage";
import { readJson } from "./vectors";
import type { Output } from "../src/contract/contract";

interface Case {
  why: string;
  tokens: number[][];
  names: string[];
  aggregation: Strategy;
  ignored: string[];
  spans: Span[];
}
const { cases, places } = readJson("spec/vectors/spans.json") as {
  cases: Case[];
  places: { stage: string; case: number; spans: string; numbers: number[] }[];
};
const tokenizers = readJson("spec/vectors/tokenizer.json") as {
  blobs: Record<string, unknown>;
  stages: Record<string, { spec: object; data: Record<string, string>; cases: { text: string }[] }>;
};
const stageOf = (name: string, spans: string) => {
  const { spec, data } = tokenizers.stages[name]!;
  const values = Object.entries(data).map(([key, digest]) => [key, tokenizers.blobs[digest]]);
  return new TokenizerStage({ ...spec, ...Object.fromEntries(values), spans });
};

describe("spans of a text", () => {
  it.each(cases)("$why", ({ tokens, names, aggregation, ignored, spans }) => {
    expect(spansOf(tokens.flat(), names, aggregation, ignored)).toEqual(spans);
  });

  it.each(places)("places of tokens: $stage $case", ({ stage, case: at, spans, numbers }) => {
    const { text } = tokenizers.stages[stage]!.cases[at]!;
    const made = stageOf(stage, spans);
    expect(made.places!(text, made.encode(text))).toEqual(numbers);
  });

  it("refuses another rule", () => {
    expect(() => stageOf("bert", "words")).toThrow('spans must be "length" or "space"');
  });

  it("are written as JSON, shown in a few words, and compared", () => {
    const output: Output = {
      name: "spans",
      kind: "spans",
      element: elementOf("float64")!,
      width: null,
      shape: [3, 5],
      classes: [0, 1],
      class_names: ["O", "B-PER"],
      columns: null,
      title: "",
      units: "",
      description: "",
      settings: { aggregation: "simple", ignored: ["O"] },
    };
    const kind = kindOf(output);
    const values = [0, 3, 0, 0.25, 0.75, 4, 9, 0, 1, 0, 0, 0, -1, 0, 0];
    expect(kind.cells(output, values, [3, 5])).toEqual(['[{"end":3,"label":"PER","score":0.75,"start":0}]']);
    expect(kind.summary(output, values, [3, 5])).toBe("1\u00a0×\u00a0PER");
    expect(kind.summary(output, values.slice(5), [2, 5])).toBe("none");
    const changed = (at: number, by: number) => values.map((value, i) => (i === at ? value + by : value));
    expect(kind.agree(output, changed(4, 1e-5), values, 1e-4)).toEqual({
      same: true,
      worst: expect.closeTo(1e-5),
    });
    expect(kind.agree(output, changed(4, 1e-3), values, 1e-4)!.same).toBe(false);
    expect(kind.agree(output, changed(1, 1), values, 1)!.same).toBe(false);
    expect(kind.problem(output)).toBeNull();
    expect(kind.problem({ ...output, shape: [3, 4] })).toMatch(/3 more than its classes/);
    expect(kind.problem({ ...output, settings: { aggregation: "simple" } })).toMatch(
      /aggregation \(none, simple/,
    );
    expect(kind.problem({ ...output, classes: null })).toMatch(/must have classes/);
  });
});
