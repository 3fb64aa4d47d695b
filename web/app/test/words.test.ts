import { describe, expect, it } from "vitest";
import { influence, partsOf, rowsWithout } from "../src/ui/words";

describe("words that an answer depends on", () => {
  it("divides a text at white space, and loses nothing", () => {
    expect(partsOf(" a  b\nc ")).toEqual([" a  ", "b\n", "c "]);
    const long = "word ".repeat(1000);
    expect(partsOf(long).join("")).toBe(long);
    expect(partsOf(long).length).toBe(112);
    expect(partsOf("")).toEqual([]);
  });

  it("leaves out one part at a time", () => {
    expect(rowsWithout([1, "a b"], 1, ["a ", "b"])).toEqual([
      [1, "a b"],
      [1, "b"],
      [1, "a "],
    ]);
  });

  it("compares the probability of the predicted class", () => {
    const label = { name: "label", width: null, data: [1, 1, 0] };
    const probability = { name: "probability", width: 2, data: [0.25, 0.75, 0.125, 0.875, 0.5, 0.5] };
    expect(influence([label, probability], ["a ", "b"])).toEqual({
      parts: [
        { text: "a ", share: -0.5 },
        { text: "b", share: 1 },
      ],
      largest: 0.25,
    });
    expect(influence([{ name: "label", width: null, data: ["x", "y"] }], ["a"])).toBeNull();
    const value = { name: "value", width: null, data: [2, 2] };
    expect(influence([value], ["a"])).toEqual({ parts: [{ text: "a", share: 0 }], largest: 0 });
  });
});
