/** `keypoints`: named points of a picture, each with a score (contract/outputs/keypoints.py). */
import { className, shown, type Output, type Scalar } from "../contract";
import { readable } from "../numbers";
import { Kind, type CocoAnnotation, type CocoCategory, type FoundPoint, type Observed } from "./kind";

const SIZE = 4;
const QUANTUM = 2 ** -12;
const PLACE = 0.1;
const PARTS = ["x", "y", "score"] as const;
const MOST_SHOWN = 4;

export class Keypoints extends Kind {
  override readonly capability: string = "output:keypoints/1";
  override readonly dtypes = ["float64"] as const;
  override readonly hasAxes = true;

  override problem(output: Output): string | null {
    const problem = super.problem(output);
    if (problem) return problem;
    const shape = output.shape ?? [];
    return output.classes?.length && shape.join() === `${output.classes.length},${SIZE}`
      ? null
      : `the shape of an output of the kind keypoints must be the number of its classes and ${SIZE}`;
  }

  override heading(): string {
    return "Points of the picture";
  }

  override header(output: Output): string[] {
    return output.classes!.flatMap((value) =>
      PARTS.map((part) => `${output.name}_${className(output, value)}_${part}`),
    );
  }

  override cells(_output: Output, values: readonly Scalar[]): string[] {
    return pointsOf(values as readonly number[]).flatMap(([x, y, score]) => [x, y, score].map(shown));
  }

  override plain(output: Output, values: readonly Scalar[]): FoundPoint[] {
    return pointsOf(values as readonly number[]).map(([x, y, score], i) => ({
      point: className(output, output.classes![i]!),
      x,
      y,
      score,
    }));
  }

  override points(output: Output, values: readonly Scalar[]): FoundPoint[] {
    return this.plain(output, values);
  }

  override summary(output: Output, values: readonly Scalar[]): string {
    const points = this.plain(output, values).filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
    const texts = points
      .slice(0, MOST_SHOWN)
      .map(({ point, x, y }) => `${point} (${readable(Math.round(x))},\u00a0${readable(Math.round(y))})`);
    return (
      texts.join(", ") + (points.length > MOST_SHOWN ? ` and ${points.length - MOST_SHOWN} more` : "") ||
      "none"
    );
  }

  /** The mean score. */
  override observed(_output: Output, values: readonly Scalar[]): Observed | null {
    const mean = (numbers: readonly Scalar[]) => {
      const scores = pointsOf(numbers as readonly number[]).map(([, , score]) => score);
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    };
    return Number.isFinite(mean(values)) ? { name: "the mean score of the points", number: mean } : null;
  }

  override cocoCategories(output: Output): CocoCategory[] {
    return [
      {
        name: output.name,
        keypoints: output.classes!.map((value) => className(output, value)),
        skeleton: [],
      },
    ];
  }

  override cocoAnnotations(_output: Output, values: readonly Scalar[]): CocoAnnotation[] {
    const points = pointsOf(values as readonly number[]);
    if (!points.every(([x, y, score]) => [x, y, score].every(Number.isFinite))) return [];
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
    return [
      {
        category: 0,
        keypoints: points.flatMap(([x, y]) => [x, y, 2]),
        num_keypoints: points.length,
        bbox: [left, top, width, height],
        area: width * height,
        segmentation: [],
        iscrowd: 0,
        score: points.reduce((sum, [, , score]) => sum + score, 0) / points.length,
      },
    ];
  }

  override agree(
    _output: Output,
    got: readonly Scalar[],
    expected: readonly unknown[],
    margin: number,
    relative = 0,
  ): { same: boolean; worst: number } {
    const [mine, theirs] = [pointsOf(got as readonly number[]), pointsOf(expected as readonly number[])];
    let [same, worst] = [mine.length === theirs.length, 0];
    theirs.forEach((wanted, i) => {
      const point = mine[i] ?? wanted;
      if (point.some(Number.isNaN) || wanted.some(Number.isNaN)) {
        same &&= point.some(Number.isNaN) && wanted.some(Number.isNaN);
        return;
      }
      const isClose = [0, 1].every(
        (axis) => Math.abs(point[axis]! - wanted[axis]!) <= PLACE + 2 * relative * Math.abs(wanted[axis]!),
      );
      const isTied = Math.max(point[3], wanted[3]) <= 2 * margin + QUANTUM;
      const away = Math.abs(point[2] - wanted[2]);
      worst = Math.max(worst, away);
      same &&= away <= 2 * margin + 2 * relative * Math.abs(wanted[2]) && (isClose || isTied);
    });
    return { same, worst: same ? worst : Infinity };
  }
}

type Point = [number, number, number, number];

function pointsOf(values: readonly number[]): Point[] {
  return Array.from(
    { length: values.length / SIZE },
    (_, i) => values.slice(i * SIZE, (i + 1) * SIZE) as Point,
  );
}
