import { describe, expect, it } from "vitest";
import { parseContract } from "../src/contract/parse";
import type { Contract } from "../src/contract/contract";
import { quality } from "../src/ui/evidence";
import { headline } from "../src/ui/headline";
import { plain } from "../src/ui/plain";

function contractOf(outputs: unknown[], more: object = {}): Contract {
  return parseContract({
    inputs: [{ name: "a", dtype: "float64" }],
    outputs,
    tensors: [{ name: "number", dtype: "float64", shape: ["rows", 1], fields: [0] }],
    task: "classification",
    ...more,
  });
}
const classes = ["alive", "died"];
const probabilities = (headlineClass: string | null, names?: string[]) =>
  contractOf(
    [
      { name: "label", kind: "label", dtype: "string", classes, ...(names && { class_names: names }) },
      {
        name: "probability",
        kind: "probability",
        dtype: "float64",
        width: 2,
        classes,
        ...(names && { class_names: names }),
      },
    ],
    { headline: { output: "probability", class: headlineClass } },
  );
const answers = (label: string, p: number) => [
  { name: "label", width: null, data: [label] },
  { name: "probability", width: 2, data: [1 - p, p] },
];
const shown = (text: string) => text.replaceAll("\u00a0", " ");

describe("the headline is one class and its own probability", () => {
  it("of the class that is asked about", () => {
    const shownAnswer = headline(probabilities("died"), answers("alive", 0.33));
    expect(shown(shownAnswer.text)).toBe("33.0 %");
    expect(shownAnswer.under.map(shown)).toEqual(["probability of died", "Predicted class: alive (67.0 %)"]);
  });
  it("of the predicted class where none is asked about", () => {
    const shownAnswer = headline(probabilities(null), answers("alive", 0.33));
    expect([shownAnswer.over, shownAnswer.text]).toEqual(["Predicted class", "alive"]);
    expect(shownAnswer.under.map(shown)).toEqual(["67.0 % probability of alive"]);
  });
  it("with the names of classes for people", () => {
    const shownAnswer = headline(probabilities("died", ["survives", "dies"]), answers("died", 0.8));
    expect(shownAnswer.under.map(shown)).toEqual(["probability of dies", "Predicted class: dies"]);
    expect(shownAnswer.bars.map((bar) => bar.name)).toEqual(["survives", "dies"]);
  });
  it("with one predicted class, also where classes are true and false", () => {
    const contract = contractOf([
      { name: "label", kind: "label", dtype: "bool", classes: [false, true] },
      { name: "probability", kind: "probability", dtype: "float64", width: 2, classes: [false, true] },
    ]);
    const shownAnswer = headline(contract, [
      { name: "label", width: null, data: [true] },
      { name: "probability", width: 2, data: [0.2, 0.8] },
    ]);
    expect(shownAnswer.bars.map((bar) => bar.chosen)).toEqual([false, true]);
  });
  it("and says where the predicted class is not the most probable one", () => {
    const shownAnswer = headline(probabilities(null), answers("died", 0.33));
    expect(shown(shownAnswer.under[0]!)).toBe("33.0 % probability of died");
    expect(shownAnswer.under[1]).toContain("although another is more probable");
  });
});

it("is the set of labels of a row, whose bars are marked", () => {
  const about = { width: 3, classes: [0, 1, 2], class_names: ["edema", "fibrosis", "nodule"] };
  const contract = contractOf(
    [
      { name: "labels", kind: "labels", dtype: "bool", ...about, settings: { thresholds: [0.3, 0.5, 0.5] } },
      { name: "probability", kind: "probability", dtype: "float64", ...about },
    ],
    { requires: ["output:labels/1"] },
  );
  const shownAnswer = headline(contract, [
    { name: "labels", width: 3, data: [true, false, true] },
    { name: "probability", width: 3, data: [0.46, 0.05, 0.75] },
  ]);
  expect([shownAnswer.over, shownAnswer.text]).toEqual(["Labels", "edema, nodule"]);
  expect(shownAnswer.bars.map((bar) => bar.chosen)).toEqual([true, false, true]);
  expect(shownAnswer.details).toEqual([]);
});

it("writes numbers in full, with title and unit", () => {
  const contract = contractOf(
    [{ name: "value", kind: "value", dtype: "float64", title: "Price", units: "€" }],
    {
      task: "regression",
    },
  );
  const shownAnswer = headline(contract, [{ name: "value", width: null, data: [1312094.2] }]);
  expect([shownAnswer.over, shownAnswer.text, shownAnswer.units]).toEqual(["Price", "1,312,094", "€"]);
});

it("names every one of several numbers", () => {
  const contract = contractOf(
    [{ name: "value", kind: "value", dtype: "float64", width: 2, columns: ["price", "rent"], units: "€" }],
    { task: "regression" },
  );
  const shownAnswer = headline(contract, [{ name: "value", width: 2, data: [893688.1, 1262.25] }]);
  expect(shownAnswer.text).toBe("");
  expect(shownAnswer.details).toEqual([
    { name: "price", value: "893,688 €" },
    { name: "rent", value: "1262.3 €" },
  ]);
});

it.each([
  [-1, "outlier"],
  [1, "not an outlier"],
])("an outlier detector's %d is %s", (value, text) => {
  const contract = contractOf([{ name: "label", kind: "label", dtype: "int64" }], { task: "outliers" });
  expect(headline(contract, [{ name: "label", width: null, data: [value] }]).text).toBe(text);
});

describe("how good the model is", () => {
  const contract = probabilities("died");
  const of = (metrics: object, rows: unknown = 196, baseline?: unknown) =>
    shown(quality({ metrics, rows, baseline }, contract));
  it("is a share of its maker's test cases", () => {
    expect(of({ accuracy_score: 0.7551 })).toBe("Right in 76 % of 196 test cases of its maker.");
    expect(of({ accuracy_score: 0.7551 }, 196, { class: "alive", accuracy_score: 0.704 })).toBe(
      "Right in 76 % of 196 test cases of its maker; always answering “alive” would be right in 70 %.",
    );
  });
  it("is never rounded to a certainty", () => {
    expect(of({ accuracy_score: 0.9996 })).toContain("more than 99.9 %");
    expect(of({ accuracy_score: 0.997 })).toContain("99.7 %");
    expect(of({ accuracy_score: 1 })).toContain("100 %");
    expect(of({ accuracy_score: 0.001 })).toContain("0.1 %");
  });
  it("is a mean error with its unit", () => {
    const price = contractOf([{ name: "value", kind: "value", dtype: "float64", units: "€" }], {
      task: "regression",
    });
    const sentence = quality({ metrics: { mean_absolute_error: 24512.3, r2_score: 0.9 }, rows: 100 }, price);
    expect(sentence).toBe("Off by 24,500 € on average in 100 test cases of its maker.");
  });
  it.each([
    [null],
    [{}],
    [{ metrics: { accuracy_score: 7 }, rows: 3 }],
    [{ metrics: { accuracy_score: 0.5 } }],
  ])("is unknown by %j", (evidence) => {
    expect(quality(evidence, contract)).toBe("How often it is right was not measured when it was sealed.");
  });
});

it("takes marks that turn the reading direction around out of texts", () => {
  expect(plain("risk \u202e%09\u2066 low\u0000\nnext")).toBe("risk %09 low\nnext");
});
