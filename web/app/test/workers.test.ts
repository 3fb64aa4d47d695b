import { expect, test } from "vitest";
import { workersFor } from "../src/ui/picture/workers";

test("as many workers as processors, four at most", () => {
  expect([1, 2, 3, 16].map((cores) => workersFor(1e6, cores))).toEqual([1, 2, 3, 4]);
});

test("fewer for large models", () => {
  expect([80e6, 100e6, 150e6, 151e6, 300e6, 0].map((size) => workersFor(size, 4))).toEqual([
    3, 3, 2, 1, 1, 4,
  ]);
});
