/** Objects over a picture: which one is at a point, where its frame and label are, and colours of classes. */
import { describe, expect, it } from "vitest";
import { boxAt, frameOf, styleOf } from "../src/ui/picture/objects";
import type { FoundObject } from "../src/contract/outputs/kind";

const object = (...box: FoundObject["box"]): FoundObject => ({ box, class: "car", score: 0.5 });
const ROOM = { width: 400, height: 200 };
const VIEW = { scale: 2, left: 0, top: 0 };

describe("objects over a picture", () => {
  it("are found at a point: the smallest of those that are shown", () => {
    const objects = [object(0, 0, 100, 100), object(20, 20, 40, 40), object(150, 0, 151, 50)];
    expect(boxAt(objects, [0, 1, 2], 30, 30, 2)).toBe(1);
    expect(boxAt(objects, [0, 2], 30, 30, 2)).toBe(0);
    expect(boxAt(objects, [0, 1, 2], 153, 10, 2)).toBe(2);
    expect(boxAt(objects, [0, 1, 2], 120, 10, 2)).toBe(-1);
  });

  it("have a frame in shares of the viewer, with a label that stays in it", () => {
    expect(frameOf([20, 40, 60, 60], VIEW, ROOM, 20)).toEqual({
      left: 10,
      top: 40,
      width: 20,
      height: 20,
      label: { left: 10, right: null, top: 40, isAbove: true },
    });
    expect(frameOf([-10, 5, 20, 60], VIEW, ROOM, 20)!.label).toEqual({
      left: 0,
      right: null,
      top: 5,
      isAbove: false,
    });
    expect(frameOf([150, 50, 250, 60], VIEW, ROOM, 20)!.label).toMatchObject({ left: null, right: 0 });
    expect(frameOf([201, 0, 250, 60], VIEW, ROOM, 20)).toBeNull();
  });

  it("have colours of their class on which dark text has a contrast of at least 7", () => {
    const light = (hex: string) => {
      const parts = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);
      const [r, g, b] = parts.map((part) =>
        part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const styles = Array.from({ length: 30 }, (_, i) => styleOf(i));
    for (const { colour } of styles)
      expect((light(colour) + 0.05) / (light("#101419") + 0.05)).toBeGreaterThan(7);
    expect(new Set(styles.map(({ colour, line }) => colour + line)).size).toBe(30);
  });
});
