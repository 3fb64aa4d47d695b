/** `boxes`: found objects, each with a class, a score and the corners of a box. */
import { className, type Output, type Scalar } from "../contract";
import { readable } from "../numbers";
import { agree, boxesOf, iou, SIZE, type Box } from "./boxSets";
import {
  Kind,
  type CocoAnnotation,
  type CocoCategory,
  type Detection,
  type FoundObject,
  type Observed,
} from "./kind";

export class Boxes extends Kind {
  override readonly capability: string = "output:boxes/1";
  override readonly dtypes = ["float64"] as const;
  override readonly hasAxes = true;
  override readonly hasSettings = true;

  override problem(output: Output): string | null {
    const shape = output.shape ?? [];
    if (shape.length !== 2 || shape[1] !== SIZE || typeof shape[0] !== "number")
      return `the shape of an output of the kind boxes must be a number and ${SIZE}`;
    if (!output.classes?.length) return "an output of the kind boxes must have classes";
    const settings: Record<string, unknown> = { ...output.settings };
    const isShare = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1;
    return Object.keys(settings).sort().join() === "iou_threshold,score_threshold" &&
      Object.values(settings).every(isShare)
      ? null
      : "the settings of an output of the kind boxes must be score_threshold and iou_threshold, from 0 to 1";
  }

  override heading(): string {
    return "Found objects";
  }

  override plain(output: Output, values: readonly Scalar[]): FoundObject[] {
    return boxesOf(values as readonly number[]).map((box) => ({
      box: [box[0], box[1], box[2], box[3]],
      class: className(output, output.classes![box[5]]!),
      score: box[4],
    }));
  }

  override detection(output: Output, values: readonly Scalar[]): Detection {
    return {
      objects: this.plain(output, values),
      classes: output.classes!.map((value) => className(output, value)),
      threshold: output.settings!.score_threshold!,
    };
  }

  /**
   * The score of a box: the chosen one, else the one with the highest score. In another answer it is the largest product
   * of score and overlap of a box of its class, so that another object of the class does not replace it (Petsiuk et al.
   * 2021, "Black-box explanation of object detectors via saliency maps", §3.2). Null if there is no box.
   */
  override observed(
    output: Output,
    values: readonly Scalar[],
    chosen: FoundObject["box"] | null,
  ): Observed | null {
    const boxes = boxesOf(values as readonly number[]);
    const isChosen = (box: Box) => chosen !== null && chosen.every((corner, i) => box[i] === corner);
    const target = boxes.find(isChosen) ?? boxes.reduce((a, b) => (b[4] > a[4] ? b : a), boxes[0]!);
    if (!target) return null;
    const likeness = (box: Box) => (box[5] === target[5] ? box[4] * iou(box, target) : 0);
    return {
      name: `the score of this ${className(output, output.classes![target[5]]!)}`,
      number: (others) => Math.max(0, ...boxesOf(others as readonly number[]).map(likeness)),
    };
  }

  override cocoCategories(output: Output): CocoCategory[] {
    return output.classes!.map((value) => ({ name: className(output, value) }));
  }

  override cocoAnnotations(_output: Output, values: readonly Scalar[]): CocoAnnotation[] {
    return boxesOf(values as readonly number[]).map(([x0, y0, x1, y1, score, category]) => ({
      category,
      bbox: [x0, y0, x1 - x0, y1 - y0],
      area: (x1 - x0) * (y1 - y0),
      segmentation: [[x0, y0, x0, y1, x1, y1, x1, y0]],
      iscrowd: 0,
      score,
    }));
  }

  override summary(output: Output, values: readonly Scalar[]): string {
    const boxes = this.plain(output, values);
    const shown = boxes.slice(0, 5).map(({ class: name, score }) => `${name} (${readable(score)})`);
    return boxes.length > 5 ? `${shown.join(", ")} and ${boxes.length - 5} more` : shown.join(", ") || "none";
  }

  override agree(
    output: Output,
    got: readonly Scalar[],
    expected: readonly unknown[],
    margin: number,
  ): { same: boolean; worst: number } {
    const limit = output.settings!.score_threshold!;
    return agree(got as readonly number[], expected as readonly number[], margin, limit);
  }
}

export type { Box };
