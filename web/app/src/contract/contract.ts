/** The contract as `contract.json` holds it, its defaults filled in (spec/CONTRACT.md §1). */
import type * as members from "../seal/members";
import type { RefusingStage, StageType } from "../stages/base";
import type { CellReader } from "./cells";
import type { Element } from "./elements";
import type { ValueType } from "./types/base";

export type Scalar = string | number | boolean;
/** A checked value as the graph takes it: booleans are 0 or 1, dates microseconds since 1970, null is a missing one. */
export type Value = string | number | null;

/** The least and the largest value as the graph's numbers: of dates, in microseconds since 1970. */
export type Bounds = [number | null, number | null];

export interface Field {
  name: string;
  type: ValueType;
  missing: "allowed" | "refused";
  categories: Scalar[] | null;
  /** Names for people, in the order of the categories. */
  category_names: string[] | null;
  /** The categories for looking up; kept beside the list, whose order is the publisher's. */
  known: Set<string | number> | null;
  unknown: "allowed" | "refused";
  range: Bounds | null;
  observed: Bounds | null;
  typical: Scalar | null;
  date_format: string;
  /** Reads the field's cells in files of text. */
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
  classes: Scalar[] | null;
  class_names: string[] | null;
  columns: string[] | null;
  title: string;
  units: string;
  description: string;
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

/** A column that the model drops: rows may have it or not. Its position is among all columns of the training rows. */
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
  /** The author's own words, by the keys of `ABOUT`. */
  about: Partial<Record<AboutKey, string>>;
}

/** What an author may say of the model, with the headings for it. */
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

/** A label or category as text, the same in every implementation: `true`, `1`, `1.5`, `a`. */
export function shown(value: Scalar | null): string {
  return value === null ? "" : String(value);
}

/** The columns' names in a table of answers, each of them different: `label`, or `probability_ill` (CONTRACT.md §1). */
export function columnNames(output: Output): string[] {
  if (output.width === null) return [output.name];
  return partsOf(output).map((part) => `${output.name}_${shown(part)}`);
}

/** The columns of a wide output, named for people: its columns, else class names, else classes, else numbers. */
export function partsOf(output: Output): Scalar[] {
  if (output.columns) return output.columns;
  if (output.classes && output.classes.length === output.width) return output.class_names ?? output.classes;
  return Array.from({ length: output.width ?? 0 }, (_, i) => i);
}

/** The name for people of a class value, where the contract has one. */
export function className(output: Output, value: Scalar): string {
  const index = output.classes?.indexOf(value) ?? -1;
  return output.class_names?.[index] ?? shown(value);
}

/** The name for people of a category, where the contract has one. */
export function categoryName(field: Field, value: Scalar): string {
  const index = field.categories?.indexOf(value) ?? -1;
  return field.category_names?.[index] ?? shown(value);
}
