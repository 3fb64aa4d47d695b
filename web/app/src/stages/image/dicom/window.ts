/** Monochrome values as levels of 8 bits (PS3.3 C.11.2.1.2.1). */
import { damaged } from "../decode/picture";
import { TAG, textOf, type Dicom } from "./elements";

/** A centre and a width, the first window of the file, or all values of the frame. */
export type Window = "file" | "full" | readonly [centre: number, width: number];

/** The levels of stored values, after the rescale slope and intercept of the file. Throws a Refusal. */
export function windowed(values: Values, elements: Dicom["values"], window: Window): Uint8Array {
  const numbers = rescaled(values, elements);
  const limits = limitsOf(elements, window);
  return levelsOf(numbers, limits);
}

export type Values = Int16Array | Uint16Array | Uint8Array | Int8Array | Int32Array;

/** The centre and the width; null for all values of the frame. Throws a Refusal. */
export function limitsOf(elements: Dicom["values"], window: Window): readonly [number, number] | null {
  const limits = window === "file" ? windowOf(elements) : window === "full" ? null : window;
  if (limits && !(limits[1] >= 1)) throw damaged("damaged: the width of its window is less than 1");
  return limits;
}

/** Stored values after the rescale slope and intercept of the file. */
export function rescaled(values: Values, elements: Dicom["values"]): Float64Array {
  const slope = numberOf(elements.get(TAG.slope)) ?? 1;
  const intercept = numberOf(elements.get(TAG.intercept)) ?? 0;
  return Float64Array.from(values, (value) => value * slope + intercept);
}

/** The levels of values by a window, or from the smallest to the largest of them. */
export function levelsOf(values: Float64Array, window: readonly [number, number] | null): Uint8Array {
  if (window) {
    const [centre, width] = window;
    const [low, high] = [centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2];
    return Uint8Array.from(values, (x) => {
      if (x <= low) return 0;
      if (x > high) return 255;
      return Math.trunc(((x - (centre - 0.5)) / (width - 1) + 0.5) * 255 + 0.5);
    });
  }
  let [low, high] = [Infinity, -Infinity];
  for (const x of values) [low, high] = [Math.min(low, x), Math.max(high, x)];
  return Uint8Array.from(values, (x) =>
    high === low ? 0 : Math.trunc(((x - low) / (high - low)) * 255 + 0.5),
  );
}

/** The first window of the file. */
function windowOf(elements: Dicom["values"]): [number, number] | null {
  const [centre, width] = [numberOf(elements.get(TAG.centre)), numberOf(elements.get(TAG.width))];
  return centre === undefined || width === undefined ? null : [centre, width];
}

/** The first number of a decimal string. */
function numberOf(value: Uint8Array | undefined): number | undefined {
  const text = textOf(value).split("\\")[0]!.trim();
  const number = Number(text);
  return text !== "" && Number.isFinite(number) ? number : undefined;
}
