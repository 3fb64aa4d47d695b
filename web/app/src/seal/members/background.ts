/**
 * The types of spec/schemas/background.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * The elements of an array (CONTRACT.md, type:tensor/1).
 */
export type BackgroundElements = number | BackgroundElements[];

/**
 * reference/background.json: rows for explanations (spec/SEAL.md §6).
 */
export interface Background {
  /**
   * @minItems 1
   */
  columns: string[];
  rows: (string | number | boolean | null | BackgroundElements[])[][];
  source: "generated" | "caller";
  /**
   * The values of inputs that are arrays, where they are stored in members of their own; the cells of rows are then their numbers.
   */
  arrays?: {
    [k: string]: BackgroundArray;
  };
}
/**
 * An array in a member of its own: little-endian elements in the order of rows.
 */
export interface BackgroundArray {
  dtype: "uint8" | "float32" | "float64";
  member: string;
  /**
   * @minItems 1
   * @maxItems 9
   */
  shape: number[];
}
