/**
 * The types of spec/schemas/text-stage.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * @maxItems 8192
 */
export type CharacterSet = number[];

/**
 * A text stage in full: its `spec` and, under the same keys, its data out of blobs (spec/TEXT.md).
 */
export interface TextStage {
  /**
   * @minItems 1
   * @maxItems 16
   */
  edits?: {}[];
  lower?: {
    map: CharacterMap;
    cased: CharacterSet;
    ignorable: CharacterSet;
  };
  accents?: CharacterMap;
  analyzer: "word" | "char" | "char_wb" | "whole" | "number" | "time";
  pattern?: {
    /**
     * @maxItems 64
     */
    classes: CharacterSet[];
    starts: number[];
    /**
     * @maxItems 1024
     */
    next: number[][];
    /**
     * @minItems 2
     * @maxItems 2
     */
    cut?: number[];
  };
  /**
   * @maxItems 65536
   */
  stop_words?: string[];
  space?: CharacterSet;
  prefix?: string;
  format?: string;
  /**
   * @minItems 2
   * @maxItems 2
   */
  ngrams: number[];
  /**
   * @minItems 1
   * @maxItems 1048576
   */
  vocabulary?: string[];
  hash?: {
    columns: number;
    signs: boolean;
  };
  rows?: number;
  unreadable?: "refused";
  /**
   * @maxItems 64
   */
  missing?: string[];
  wide?: "refused";
  infinite?: "refused";
}
export interface CharacterMap {
  rest: "keep" | "drop";
  shifts?: number[];
  texts?: {
    [k: string]: string;
  };
  /**
   * @maxItems 8192
   */
  dropped?: number[];
  hangul?: boolean;
}
