/** `mask`: the class of each pixel of a picture. */
import { className, shown, type Output, type Scalar } from "../contract";
import { percent } from "../numbers";
import { Kind, type CocoAnnotation, type CocoCategory, type Observed, type Segmentation } from "./kind";
import { HEADER, maskPixels, maskRuns, maskTotals, readMask, STEPS } from "./maskCells";
import { agree } from "./maskSets";

const MOST_SHOWN = 5;

export class Mask extends Kind {
  override readonly capability: string = "output:mask/1";
  override readonly dtypes = ["float64"] as const;
  override readonly hasAxes = true;

  override problem(output: Output): string | null {
    const problem = super.problem(output);
    if (problem) return problem;
    const shape = output.shape ?? [];
    if (shape.length !== 1 || typeof shape[0] !== "number" || shape[0] <= HEADER)
      return `the shape of an output of the kind mask must be one number above ${HEADER}`;
    if (!output.classes?.length || output.classes.length > STEPS)
      return `an output of the kind mask must have 1 to ${STEPS} classes`;
    return null;
  }

  override heading(): string {
    return "Parts of the picture";
  }

  override header(output: Output): string[] {
    return output.classes!.map((value) => `${output.name}_${className(output, value)}`);
  }

  override cells(output: Output, values: readonly Scalar[]): string[] {
    const shares = this.shares(output, values);
    return output.classes!.map((_, i) => (shares ? shown(shares[i]!) : ""));
  }

  /** The share of the picture's pixels of each class; null where there is no mask. */
  shares(output: Output, values: readonly Scalar[]): number[] | null {
    const mask = readMask(values, output.classes!.length);
    if (!mask) return null;
    return maskTotals(mask, output.classes!.length).map((total) => total / (mask.height * mask.width));
  }

  override plain(output: Output, values: readonly Scalar[]): unknown {
    const mask = readMask(values, output.classes!.length);
    if (!mask) return [];
    return maskRuns(mask).map(({ place, pixels, counts }) => ({
      class: className(output, output.classes![place]!),
      pixels,
      segmentation: { size: [mask.height, mask.width], counts },
    }));
  }

  override segmentation(output: Output, values: readonly Scalar[]): Segmentation | null {
    const mask = readMask(values, output.classes!.length);
    const classes = output.classes!.map((value) => className(output, value));
    return mask && { mask, classes, shares: this.shares(output, values)! };
  }

  /** The share of the class with the most pixels, of classes other than the first one, which often is the background. */
  override observed(output: Output, values: readonly Scalar[]): Observed | null {
    const shares = this.shares(output, values);
    if (!shares) return null;
    const rest = shares.slice(1);
    const place = Math.max(...rest, 0) > 0 ? 1 + rest.indexOf(Math.max(...rest)) : 0;
    return {
      name: `the share of ${className(output, output.classes![place]!)}`,
      number: (other) => this.shares(output, other)?.[place] ?? 0,
    };
  }

  override cocoCategories(output: Output): CocoCategory[] {
    return output.classes!.map((value) => ({ name: className(output, value) }));
  }

  /** One for each class: its pixels are no single object, so it is a crowd, with run lengths. */
  override cocoAnnotations(output: Output, values: readonly Scalar[]): CocoAnnotation[] {
    const mask = readMask(values, output.classes!.length);
    if (!mask) return [];
    const pixels = maskPixels(mask);
    return maskRuns(mask).map(({ place, pixels: area, counts }) => {
      let [left, top, right, bottom] = [mask.width, mask.height, 0, 0];
      pixels.forEach((cell, i) => {
        if (cell !== place) return;
        const [x, y] = [i % mask.width, Math.floor(i / mask.width)];
        [left, top] = [Math.min(left, x), Math.min(top, y)];
        [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
      });
      return {
        category: place,
        bbox: [left, top, right - left, bottom - top],
        area,
        segmentation: { size: [mask.height, mask.width], counts },
        iscrowd: 1,
      };
    });
  }

  override summary(output: Output, values: readonly Scalar[]): string {
    const shares = (this.shares(output, values) ?? [])
      .map((share, i) => ({ share, name: className(output, output.classes![i]!) }))
      .filter(({ share }) => share > 0)
      .sort((a, b) => b.share - a.share);
    const texts = shares.slice(0, MOST_SHOWN).map(({ share, name }) => `${name} ${percent(share)}`);
    const more = shares.length > MOST_SHOWN ? ` and ${shares.length - MOST_SHOWN} more` : "";
    return texts.join(", ") + more || "none";
  }

  override agree(
    _output: Output,
    got: readonly Scalar[],
    expected: readonly unknown[],
    margin: number,
  ): { same: boolean; worst: number } {
    return agree(got as readonly number[], expected.map(Number), margin);
  }
}
