/** A kind of output: how its answers are written in files and shown on the page. The defaults describe columns of numbers. */
import { columnNames, shown, type Output, type Scalar, type Task } from "../contract";
import { readable } from "../numbers";
import type { MaskGrid } from "./maskCells";
import type { Span } from "./tokenSpans";

/** JSON with ascending keys, as Python writes it (canonical.py): NaN and infinite numbers are strings. */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return `"${value}"`;
    return Object.is(value, -0) ? "-0" : String(value);
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${jsonText(each)}`).join(",")}}`;
}

/** An object in a picture. */
export interface FoundObject {
  /** The corners x0, y0, x1, y1 in pixels of the picture. */
  box: [number, number, number, number];
  class: string;
  score: number;
}

/** A number of an answer that is observed while parts of a picture are covered. */
export interface Observed {
  /** What the number is. */
  name: string;
  /** The number in the values of another answer. */
  number(values: readonly Scalar[]): number;
}

/** The objects in a picture. */
export interface Detection {
  objects: FoundObject[];
  /** The displayed names of all classes. */
  classes: string[];
  /** Objects with lower scores are no part of an answer. */
  threshold: number;
}

/** The mask of a picture. */
export interface Segmentation {
  mask: MaskGrid;
  /** The displayed names of all classes. */
  classes: string[];
  /** The share of the picture's pixels that each class has. */
  shares: number[];
}

/** A named point of a picture, in pixels. */
export interface FoundPoint {
  point: string;
  x: number;
  y: number;
  score: number;
}

/** A category of COCO, without its id. */
export type CocoCategory = { name: string } & Record<string, unknown>;

/** An annotation of COCO, without ids; `category` is the index of its category. */
export type CocoAnnotation = { category: number } & Record<string, unknown>;

export class Kind {
  /** The capability that a reader must have; empty for the kinds that every reader of format 1 has. */
  readonly capability: string = "";
  /** The types of elements that its outputs may have. */
  readonly dtypes: readonly Output["element"]["name"][] = ["float64"];
  /** Whether an answer is a class. */
  readonly isClass: boolean = false;
  /** Whether an answer is a predicted quantity, with units. */
  readonly isValue: boolean = false;
  /** Whether a wide output has one column for each class. */
  readonly byClass: boolean = false;
  /** Whether its answers have several axes. Such an output has one column in a table, with the JSON of `plain`. */
  readonly hasAxes: boolean = false;

  /** Whether its outputs have `settings`. */
  readonly hasSettings: boolean = false;

  /** What is wrong with an output, in addition to the rules for all outputs; null if nothing is. */
  problem(output: Output): string | null {
    return output.settings && !this.hasSettings
      ? `an output of the kind ${output.kind} has no settings`
      : null;
  }

  /** Whether an answer is that which is expected, for a kind that does not compare number by number; else null. */
  agree(
    _output: Output,
    _got: readonly Scalar[],
    _expected: readonly unknown[],
    _margin: number,
    _relative = 0,
  ): { same: boolean; worst: number } | null {
    return null;
  }

  /** Whether the answer to one row is shown as a whole, by `summary`. */
  get isOne(): boolean {
    return this.hasAxes;
  }

  /** The names of its columns in a table of answers. */
  header(output: Output): string[] {
    return this.hasAxes ? [output.name] : columnNames(output);
  }

  /** The heading of an answer where the output has no title. */
  heading(_task: Task): string {
    return "Prediction";
  }

  /** The objects that are drawn over the picture; null for a kind whose answers are no places in a picture. */
  detection(_output: Output, _values: readonly Scalar[]): Detection | null {
    return null;
  }

  /**
   * The number of an answer that is observed while parts of the picture are covered; null if there is none. By default
   * it is the first number, and the mean for an output with several axes, of which no single number is the answer.
   *
   * @param _chosen the corners of the object that a person chose, for a kind whose answers are places in a picture.
   */
  observed(output: Output, _values: readonly Scalar[], _chosen: FoundObject["box"] | null): Observed | null {
    if (!output.element.isMeasured) return null;
    const name = output.title || output.name;
    if (!this.hasAxes) return { name, number: (values) => Number(values[0]) };
    const mean = (values: readonly Scalar[]) =>
      values.reduce<number>((sum, value) => sum + Number(value), 0) / values.length;
    return { name: `the mean of ${name}`, number: mean };
  }

  /** The parts of a text that are marked in it; null for a kind whose answers are no places in a text. */
  spans(_output: Output, _values: readonly Scalar[]): Span[] | null {
    return null;
  }

  /** The mask that is drawn over the picture; null for a kind without one, or where there is none. */
  segmentation(_output: Output, _values: readonly Scalar[]): Segmentation | null {
    return null;
  }

  /** The points that are drawn over the picture; null for a kind whose answers are no points. */
  points(_output: Output, _values: readonly Scalar[]): FoundPoint[] | null {
    return null;
  }

  /** The categories of COCO; null for a kind whose answers are no places in a picture. */
  cocoCategories(_output: Output): CocoCategory[] | null {
    return null;
  }

  /** The annotations of COCO of an answer to one row. */
  cocoAnnotations(_output: Output, _values: readonly Scalar[]): CocoAnnotation[] {
    return [];
  }

  /** One value of an answer, as it is shown on the page. */
  text(_output: Output, value: Scalar, _task: Task): string {
    return typeof value === "number" ? readable(value) : shown(value);
  }

  /** The cells of these columns for the values of one row; `sizes` are the dimensions of its answer. */
  cells(output: Output, values: readonly Scalar[], sizes: readonly number[] = []): string[] {
    return this.hasAxes ? [jsonText(this.plain(output, values, sizes))] : values.map(shown);
  }

  /** The answer of one row of an output with several axes in a few words. */
  summary(_output: Output, values: readonly Scalar[], sizes: readonly number[]): string {
    const numbers = values.map(Number).filter(Number.isFinite);
    const range = numbers.length
      ? `, ${readable(numbers.reduce((a, b) => Math.min(a, b)))} to ${readable(numbers.reduce((a, b) => Math.max(a, b)))}`
      : "";
    return `${sizes.join(" × ")} numbers${range}`;
  }

  /** The answer of one row of an output with several axes as a value of JSON, in which numbers may be infinite or NaN. */
  plain(_output: Output, values: readonly Scalar[], sizes: readonly number[]): unknown {
    let nested: unknown[] = [...values];
    for (const size of sizes.slice(1).reverse())
      nested = Array.from({ length: nested.length / size }, (_, i) => nested.slice(i * size, (i + 1) * size));
    return nested;
  }
}
