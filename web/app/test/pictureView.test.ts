/** Zooming and moving a picture, and the colours of the parts that matter. */
import { describe, expect, it } from "vitest";
import { fitted, kept, resized, revealed, zoomed } from "../src/ui/picture/view";

const CANVAS = { width: 400, height: 300 };

describe("the view of a picture", () => {
  it("shows the whole picture in the middle, without distorting it", () => {
    expect(fitted({ width: 800, height: 300 }, CANVAS)).toEqual({ scale: 0.5, left: 0, top: 75 });
    expect(fitted({ width: 100, height: 150 }, CANVAS)).toEqual({ scale: 2, left: 100, top: 0 });
    expect(fitted({ width: 1, height: 1 }, CANVAS).scale).toBe(40);
  });

  it("keeps the point under the pointer when it is enlarged", () => {
    const picture = { width: 800, height: 600 };
    const before = fitted(picture, CANVAS);
    const after = zoomed(before, 4, 120, 90, picture, CANVAS);
    const at = (view: typeof before, x: number, y: number) => [
      (x - view.left) / view.scale,
      (y - view.top) / view.scale,
    ];
    expect(at(after, 120, 90)).toEqual(at(before, 120, 90));
  });

  it("is moved to a box that is not in it, and not to one that is", () => {
    const picture = { width: 800, height: 600 };
    const view = kept({ scale: 2, left: 0, top: 0 }, picture, CANVAS);
    expect(revealed(view, [10, 10, 190, 140], picture, CANVAS)).toBe(view);
    expect(revealed(view, [400, 300, 420, 340], picture, CANVAS)).toEqual({
      scale: 2,
      left: -620,
      top: -490,
    });
    expect(revealed(view, [780, 590, 800, 600], picture, CANVAS)).toEqual({
      scale: 2,
      left: -1200,
      top: -900,
    });
  });

  it("is never smaller than the canvas permits, and never leaves it", () => {
    const picture = { width: 800, height: 600 };
    const whole = fitted(picture, CANVAS);
    expect(zoomed(whole, 0.1, 5, 5, picture, CANVAS)).toEqual(whole);
    expect(zoomed(whole, 1e9, 0, 0, picture, CANVAS).scale).toBe(40);
    expect(kept({ scale: 1, left: 50, top: -900 }, picture, CANVAS)).toEqual({
      scale: 1,
      left: 0,
      top: -300,
    });
  });
});

describe("the view in a window of another size", () => {
  const picture = { width: 800, height: 600 };
  const wide = { width: 800, height: 600 };

  it("fits a whole picture again", () => {
    const view = fitted(picture, wide);
    expect(resized(view, picture, wide, CANVAS)).toEqual(fitted(picture, CANVAS));
    expect(resized(fitted(picture, CANVAS), picture, CANVAS, wide)).toEqual(view);
  });

  it("keeps the middle of an enlarged picture and its share", () => {
    const view = zoomed(fitted(picture, wide), 4, 500, 200, picture, wide);
    const after = resized(view, picture, wide, CANVAS);
    expect(after.scale).toBe(view.scale / 2);
    const middle = (one: typeof view, room: typeof wide) => [
      (room.width / 2 - one.left) / one.scale,
      (room.height / 2 - one.top) / one.scale,
    ];
    expect(middle(after, CANVAS)).toEqual(middle(view, wide));
  });
});
