/**
 * The types of spec/schemas/sketches.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * reference/sketches.json: summaries of the training inputs, by input; of dates in days since 1970. Readers accept other contents.
 */
export interface Sketches {
  [k: string]: NumberSketch | CategorySketch | ArraySketch | PictureSketch;
}
export interface NumberSketch {
  missing: number;
  quantiles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
  tail: number;
  values: (number | boolean | string)[];
  shares: number[];
  whole: boolean;
}
export interface CategorySketch {
  missing: number;
  values: (string | boolean | number)[];
  shares: number[];
}
export interface ArraySketch {
  elements: ElementSketch;
  /**
   * @minItems 1
   * @maxItems 8
   */
  shape: number[];
  single: boolean;
}
export interface ElementSketch {
  missing: number;
  quantiles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
  tail: number;
  values: (number | boolean | string)[];
  shares: number[];
  whole: boolean;
}
export interface PictureSketch {
  height: {
    missing: number;
    quantiles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
    tail: number;
    values: (number | boolean | string)[];
    shares: number[];
    whole: boolean;
  };
  width: {
    missing: number;
    quantiles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
    tail: number;
    values: (number | boolean | string)[];
    shares: number[];
    whole: boolean;
  };
  brightness: {
    missing: number;
    quantiles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
    tail: number;
    values: (number | boolean | string)[];
    shares: number[];
    whole: boolean;
  };
  contrast: {
    missing: number;
    quantiles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
    tail: number;
    values: (number | boolean | string)[];
    shares: number[];
    whole: boolean;
  };
  colour: {
    missing: number;
    quantiles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
    tail: number;
    values: (number | boolean | string)[];
    shares: number[];
    whole: boolean;
  };
}
