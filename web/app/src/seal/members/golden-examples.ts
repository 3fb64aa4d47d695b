/**
 * The types of spec/schemas/golden-examples.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * The elements of an array (CONTRACT.md, type:tensor/1).
 */
export type Elements = number | Elements[];
export type Answer = string | number | boolean | Answer[];

/**
 * golden/examples.json: generated rows and the original model's answers (spec/SEAL.md §6).
 */
export interface GoldenExamples {
  /**
   * @minItems 1
   */
  columns: string[];
  /**
   * @minItems 1
   */
  rows: (string | number | boolean | null | Elements[])[][];
  answers: {
    [k: string]: (string | number | boolean | Answer[])[] | StoredArray;
  };
  tolerance: {
    [k: string]: Tolerance;
  };
  source: "generated" | "caller";
  /**
   * The values of inputs that are arrays, where they are stored in members of their own; the cells of rows are then their numbers.
   */
  arrays?: {
    [k: string]: StoredArray;
  };
  [k: string]: unknown;
}
/**
 * An array in a member of its own: little-endian elements in the order of rows.
 */
export interface StoredArray {
  dtype: "uint8" | "float32" | "float64";
  member: string;
  /**
   * @minItems 1
   * @maxItems 9
   */
  shape: number[];
}
export interface Tolerance {
  relative: number;
  scale: number | number[];
  [k: string]: unknown;
}
