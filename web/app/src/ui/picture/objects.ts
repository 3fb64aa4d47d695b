/** The objects of an answer that are drawn over the picture: their colours, and where their frames and labels are. */
import type { Contract } from "../../contract/contract";
import { kindOf } from "../../contract/outputs";
import type { Detection, FoundObject } from "../../contract/outputs/kind";
import type { Answer } from "../../engine/protocol";
import { plain } from "../plain";
import { pictureFields } from "./fields";
import type { Area, View } from "./view";

/** The objects of all outputs that have some; null if there is no such output, or it is unclear in which picture they are. */
export function detectionOf(contract: Contract, answers: readonly Answer[]): Detection | null {
  if (pictureFields(contract).length !== 1) return null;
  const parts = contract.outputs.flatMap((output, i) => {
    const detection = kindOf(output).detection(output, answers[i]!.data);
    return detection ? [{ ...detection, title: output.title || output.name }] : [];
  });
  if (parts.length === 0) return null;
  const name = (title: string, text: string) => plain(parts.length > 1 ? `${title}: ${text}` : text);
  return {
    objects: parts
      .flatMap(({ objects, title }) =>
        objects.map((object) => ({ ...object, class: name(title, object.class) })),
      )
      .filter(({ box }) => box.every(Number.isFinite)),
    classes: parts.flatMap(({ classes, title }) => classes.map((text) => name(title, text))),
    threshold: Math.min(...parts.map(({ threshold }) => threshold)),
  };
}

/** Light colours, on which the dark text of labels has a contrast of 7:1; frames have a dark edge on both sides. */
export const COLOURS = [
  "#ffb000",
  "#5cc3ff",
  "#5fe08a",
  "#ff9ec4",
  "#f4ec5a",
  "#cbb2ff",
  "#ff9a76",
  "#5fe3e0",
  "#c3e54a",
  "#f2f2f2",
];
const LINES = ["solid", "dashed", "dotted"] as const;

export interface Style {
  colour: string;
  /** Where there are more classes than colours, they have different lines. */
  line: (typeof LINES)[number];
}

/** The style of a class is the same in every picture. */
export function styleOf(place: number): Style {
  return {
    colour: COLOURS[place % COLOURS.length]!,
    line: LINES[Math.floor(place / COLOURS.length) % LINES.length]!,
  };
}

/** The index of the smallest box around a point of the picture, so that a box within another can be reached; or -1. */
export function boxAt(
  objects: readonly FoundObject[],
  shown: readonly number[],
  x: number,
  y: number,
  margin: number,
): number {
  let [best, place] = [Infinity, -1];
  for (const i of shown) {
    const [x0, y0, x1, y1] = objects[i]!.box;
    if (x < x0 - margin || x > x1 + margin || y < y0 - margin || y > y1 + margin) continue;
    const size = (x1 - x0) * (y1 - y0);
    if (size < best) [best, place] = [size, i];
  }
  return place;
}

export interface Frame {
  /** As percentages of the viewer. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** The edge of the viewer at which the label is aligned: it grows from there towards the other one. */
  label: { left: number | null; right: number | null; top: number; isAbove: boolean };
}

/** Where a box is in the viewer; null if it is outside. `line` is the height of a label in canvas pixels. */
export function frameOf(
  box: FoundObject["box"],
  { scale, left, top }: View,
  canvas: Area,
  line: number,
): Frame | null {
  const [x0, x1] = [left + box[0] * scale, left + box[2] * scale];
  const [y0, y1] = [top + box[1] * scale, top + box[3] * scale];
  if (x1 < 0 || y1 < 0 || x0 > canvas.width || y0 > canvas.height) return null;
  const [across, down] = [100 / canvas.width, 100 / canvas.height];
  const isAbove = y0 >= line;
  const isLeft = x0 < canvas.width * 0.6;
  return {
    left: x0 * across,
    top: y0 * down,
    width: (x1 - x0) * across,
    height: (y1 - y0) * down,
    label: {
      left: isLeft ? Math.max(0, x0) * across : null,
      right: isLeft ? null : Math.max(0, canvas.width - x1) * across,
      top: Math.max(0, y0) * down,
      isAbove,
    },
  };
}
