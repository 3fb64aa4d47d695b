/** The contract, as in `contract.json`, with all defaults (spec/CONTRACT.md §1). */
import type * as members from "../seal/members/contract";
import type { RefusingStage, StageType } from "../stages/base";
import type { CellReader } from "./cells";
import type { Element } from "./elements";
import type { ValueType } from "./types/base";

export type Scalar = string | number | boolean;
/** A value that a stage has read completely, such as a decoded picture; it stays within the program that made it. */
export abstract class Prepared {
  readonly isPrepared = true;
}

/**
 * A checked value, encoded for the graph: booleans are 0 or 1, dates microseconds since 1970, null is missing. Files are
 * blobs until a stage has prepared them.
 */
export type Value = string | number | Blob | Prepared | null;

/** The lowest and the highest value as numbers of the graph; for dates, microseconds since 1970. */
export type Bounds = [number | null, number | null];

export interface Field {
  name: string;
  type: ValueType;
  missing: "allowed" | "refused";
  categories: Scalar[] | null;
  /** Displayed names, in the order of the categories. */
  category_names: string[] | null;
  /** The encoded categories, for lookup; `categories` has the order of the publisher. */
  known: Set<string | number> | null;
  unknown: "allowed" | "refused";
  range: Bounds | null;
  observed: Bounds | null;
  typical: Scalar | null;
  date_format: string;
  /** Reads the field's cells of text files. */
  cells: CellReader;
  /** The stages that refuse some values of the field. */
  refusing: RefusingStage[];
  title: string;
  description: string;
  units: string;
  personal: boolean;
}

export type OutputKind = members.Output["kind"];
export type Task = members.Contract["task"];

export interface Output {
  name: string;
  kind: OutputKind;
  element: Element;
  width: number | null;
  /** The dimensions after the rows of an answer with several axes: a number where the size is fixed, else a name. */
  shape: (number | string)[] | null;
  classes: Scalar[] | null;
  class_names: string[] | null;
  columns: string[] | null;
  title: string;
  units: string;
  description: string;
  /** What its kind needs to compare or show answers; null for most kinds. */
  settings: members.Output["settings"] | null;
}

/**
 * An input of the graph. A dimension is a number where its size is fixed, else a name. `stage` is the number of the stage
 * that computes the tensor.
 */
export type Tensor = members.Tensor;

/** A computation on the values of one input before the graph. */
export interface Stage {
  type: StageType;
  /** The index of the input. */
  field: number;
  /** Its parameters, as its kind defines them, including the data that the file refers to by digest. */
  spec: Record<string, unknown>;
}

/** A column that the model does not use; rows may omit it. Its position is that among all columns of the training rows. */
export type Ignored = members.Ignored;

export interface Contract {
  inputs: Field[];
  outputs: Output[];
  headline: { output: string; class: Scalar | null } | null;
  tensors: Tensor[];
  stages: Stage[];
  ignored: Ignored[];
  task: Task;
  title: string;
  description: string;
  /** What the author says about the model, by the keys of `ABOUT`. */
  about: Partial<Record<AboutKey, string>>;
}

/** What the author may say about the model: key → heading. */
export const ABOUT = {
  when_to_use: "When to use",
  pitfalls: "Pitfalls",
  references: "References",
  author: "Author",
  contact: "Contact",
  license: "License",
  review_date: "To be reviewed by",
};
export type AboutKey = keyof typeof ABOUT;

/** A label or category as a string, the same in every implementation: `true`, `1`, `1.5`, `a`. */
export function shown(value: Scalar | null): string {
  return value === null ? "" : String(value);
}

/** The dimensions of the tensor after the rows; null where a size is not fixed. */
export function axesOf(output: Output): (number | null)[] {
  if (output.shape) return output.shape.map((size) => (typeof size === "number" ? size : null));
  return output.width === null ? [] : [output.width];
}

/** The names of an output's columns in a table of answers: `label`, or `probability_ill` (spec/CONTRACT.md §1). */
export function columnNames(output: Output): string[] {
  if (output.width === null) return [output.name];
  return partsOf(output).map((part) => `${output.name}_${shown(part)}`);
}

/** The displayed names of the columns of a wide output: its columns, else class names, else classes, else numbers. */
export function partsOf(output: Output): Scalar[] {
  if (output.columns) return output.columns;
  if (output.classes && output.classes.length === output.width) return output.class_names ?? output.classes;
  return Array.from({ length: output.width ?? 0 }, (_, i) => i);
}

/** The displayed name of a class: its name in the contract, else its value. */
export function className(output: Output, value: Scalar): string {
  const index = output.classes?.indexOf(value) ?? -1;
  return output.class_names?.[index] ?? shown(value);
}

/** The displayed name of a category: its name in the contract, else its value. */
export function categoryName(field: Field, value: Scalar): string {
  const index = field.categories?.indexOf(value) ?? -1;
  return field.category_names?.[index] ?? shown(value);
}
