/** Kinds of outputs are known by their own modules alone. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { elementOf } from "../src/contract/elements";
import { isKind, kindOf } from "../src/contract/outputs";
import type { Output } from "../src/contract/contract";

const SOURCE = join(import.meta.dirname, "../src");
const NAMED = /\bkind\s*(?:===|!==)\s*"value"|"(?:label|probability|score|features)"/;

const files = (readdirSync(SOURCE, { recursive: true }) as string[]).filter(
  (name) =>
    /\.(ts|svelte)$/.test(name) &&
    !name.startsWith("contract/outputs/") &&
    name !== "seal/members/contract.ts",
);

function output(changes: Partial<Output>): Output {
  const rest = { classes: null, class_names: null, columns: null, width: null, shape: null, settings: null };
  return {
    name: "y",
    kind: "label",
    element: elementOf("int64")!,
    title: "",
    units: "",
    description: "",
    ...rest,
    ...changes,
  };
}

describe("kinds of outputs", () => {
  it.each(files)("%s knows none by its name", (name) => {
    const lines = readFileSync(join(SOURCE, name), "utf8").split("\n");
    // The blocks of a Markdown text and the parts of its lines have kinds too.
    const own = lines.filter((line) => NAMED.test(line) && !/\b(?:block|part)\.kind\b/.test(line));
    expect(own).toEqual([]);
  });

  it.each(files.filter((name) => name !== "contract/parse/index.ts"))("%s knows no task", (name) => {
    expect(readFileSync(join(SOURCE, name), "utf8")).not.toMatch(
      /\b(?:classification|regression|transformation|clustering|outliers)\b/,
    );
  });

  it("show their values by the task", () => {
    const plain = output({ classes: [-1, 1] });
    const texts = (one: Output) => [-1, 1].map((value) => kindOf(one).text(one, value, "outliers"));
    expect(texts(plain)).toEqual(["outlier", "not an outlier"]);
    expect(texts({ ...plain, class_names: ["rare", "usual"] })).toEqual(["rare", "usual"]);
    expect(kindOf(plain).text(plain, -1, "clustering")).toBe("-1");
    const tasks = ["classification", "clustering", "outliers", "regression"] as const;
    expect(tasks.map((task) => kindOf(plain).heading(task))).toEqual([
      "Predicted class",
      "Cluster",
      "Is it an outlier?",
      "Prediction",
    ]);
    const value = output({ kind: "value", element: elementOf("float64")! });
    expect([kindOf(value).heading("regression"), kindOf(value).text(value, 1312094.2, "regression")]).toEqual(
      ["Predicted value", "1,312,094"],
    );
  });

  it("tells those of the format from others", () => {
    expect(["features", "label", "probability", "score", "value"].every(isKind)).toBe(true);
    expect(["heatmap", "toString", "__proto__", 1, null].some(isKind)).toBe(false);
  });

  it("writes the name of a class behind its label, in header and cells", () => {
    const named = output({ classes: [0, 1], class_names: ["no", "yes"] });
    expect(kindOf(named).header(named)).toEqual(["y", "y_name"]);
    expect(kindOf(named).cells(named, [1])).toEqual(["1", "yes"]);
    const wide = output({
      kind: "probability",
      element: elementOf("float64")!,
      width: 2,
      classes: [0, 1],
      class_names: ["no", "yes"],
    });
    expect(kindOf(wide).header(wide)).toEqual(["y_no", "y_yes"]);
    expect(kindOf(wide).cells(wide, [0.25, 0.75])).toEqual(["0.25", "0.75"]);
  });
});
