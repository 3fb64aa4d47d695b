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
    /\.(ts|svelte)$/.test(name) && !name.startsWith("contract/outputs/") && name !== "seal/members.ts",
);

function output(changes: Partial<Output>): Output {
  const rest = { classes: null, class_names: null, columns: null, width: null };
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

  it("tells those of the format from others", () => {
    expect(["features", "label", "probability", "score", "value"].every(isKind)).toBe(true);
    expect(["boxes", "toString", "__proto__", 1, null].some(isKind)).toBe(false);
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
