/**
 * The types of spec/schemas/image-stage.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * The `spec` of an image stage (spec/IMAGE.md §4).
 */
export type ImageStage = (
  | {
      layout?: "CHW";
      shape?: unknown;
    }
  | {
      layout?: "HWC";
      shape?: unknown;
    }
) & {
  decode: {
    mode: "L" | "RGB" | "RGBA" | "I;16";
    orientation?: "applied" | "ignored";
    alpha?: "dropped" | "refused";
    cmyk?: "converted" | "refused";
    sixteen?: "clipped" | "high-byte" | "refused";
    frames?: "first" | "refused";
    dicom?: null | Dicom;
  };
  /**
   * @maxItems 64
   */
  steps: Step[];
  layout: "CHW" | "HWC";
  /**
   * @minItems 3
   * @maxItems 3
   */
  shape: unknown[];
  /**
   * The lowest and the highest usual value of statistics of a picture (spec/IMAGE.md §9).
   */
  usual?: {
    size?: Bounds;
    proportions?: Bounds;
    colour?: Bounds;
    warmth?: Bounds;
    greenness?: Bounds;
    brightness?: Bounds;
    contrast?: Bounds;
    sharpness?: Bounds;
    top?: Bounds;
    left?: Bounds;
    centre?: Bounds;
  };
};
export type Step =
  | {
      step: "resize";
      library: "pillow";
      filter: "nearest" | "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";
      passes?: "horizontal-first" | "by-size";
      to: To;
    }
  | {
      step: "resize";
      library: "opencv";
      filter: "nearest" | "linear" | "area";
      to: To;
    }
  | {
      step: "resize";
      library: "torch";
      filter: "nearest" | "nearest-exact";
      antialias?: false;
      to: To;
    }
  | {
      step: "resize";
      library: "torch";
      filter: "bilinear" | "bicubic";
      antialias?: boolean;
      to: To;
    }
  | {
      step: "resize";
      library: "tensorflow";
      filter: "nearest" | "bilinear";
      to: To;
    }
  | {
      step: "crop";
      size: Pair;
      at: ("floor" | "half-even") | number[];
    }
  | {
      step: "pad";
      to: {
        /**
         * @minItems 4
         * @maxItems 4
         */
        by: number[];
      };
      value?: Numbers;
    }
  | {
      step: "pad";
      to:
        | {
            least: Pair;
          }
        | {
            square: true;
          }
        | {
            multiple: Side;
          };
      at: "start" | "end" | "floor" | "ceil";
      value?: Numbers;
    }
  | {
      step: "gray";
      library: "pillow" | "opencv";
    }
  | {
      step: "channels";
      /**
       * @minItems 1
       * @maxItems 4
       */
      order: number[];
    }
  | {
      step: "multiply" | "divide" | "subtract" | "add";
      by: Numbers;
      precision?: "float32" | "float64";
    };
export type To =
  | {
      size: Pair;
    }
  | {
      shortest: Side;
      rounding: "trunc-quotient" | "trunc-product" | "rint-product" | "rint-quotient";
    }
  | {
      shortest: Side;
      rounding: "trunc-quotient";
      most: Side;
    }
  | {
      longest: Side;
      rounding: "trunc-quotient" | "trunc-product" | "rint-product" | "rint-quotient";
    }
  | {
      inside: Pair;
      rounding: "trunc-product" | "rint-product" | "rint-quotient";
    };
export type Side = number;
/**
 * @minItems 2
 * @maxItems 2
 */
export type Pair = Side[];
/**
 * @minItems 1
 * @maxItems 4
 */
export type Numbers = number[];
/**
 * @minItems 2
 * @maxItems 2
 */
export type Bounds = number[];

export interface Dicom {
  window?: ("file" | "full") | number[];
  frame?: "middle" | number;
  inverted?: boolean;
}
