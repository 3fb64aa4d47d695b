/**
 * The types of spec/schemas/contract.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

export type Digest = string;

/**
 * contract.json: what goes in and what comes out (spec/CONTRACT.md).
 */
export interface Contract {
  /**
   * @minItems 1
   * @maxItems 65536
   */
  inputs: Input[];
  /**
   * @minItems 1
   * @maxItems 64
   */
  outputs: Output[];
  task:
    | "classification"
    | "regression"
    | "transformation"
    | "clustering"
    | "outliers"
    | "detection"
    | "segmentation";
  /**
   * @minItems 1
   */
  tensors: Tensor[];
  /**
   * @maxItems 64
   */
  requires?: (
    | "output:array/1"
    | "output:boxes/1"
    | "output:keypoints/1"
    | "output:labels/1"
    | "output:mask/1"
    | "output:spans/1"
    | "stage:image/1"
    | "stage:text/1"
    | "stage:tokenizer/1"
    | "type:image/1"
    | "type:tensor/1"
  )[];
  headline?: {
    output: string;
    class: (string | number | boolean) | null;
  } | null;
  title?: string;
  description?: string;
  /**
   * @maxItems 4096
   */
  stages?: Stage[];
  /**
   * @maxItems 65536
   */
  ignored?: Ignored[];
  about?: {
    when_to_use?: string;
    pitfalls?: string;
    references?: string;
    author?: string;
    contact?: string;
    license?: string;
    review_date?: string;
  };
}
export interface Input {
  name: string;
  dtype: ("float64" | "float32" | "int64" | "bool" | "string" | "date" | "datetime" | "image") | string;
  missing?: "allowed" | "refused";
  categories?: (string | number | boolean)[] | null;
  category_names?: string[] | null;
  unknown?: "allowed" | "refused";
  range?: (number | string | null)[] | null;
  observed?: (number | string | null)[] | null;
  typical?: (string | number | boolean) | null;
  missing_as?: string[] | null;
  true_as?: string[] | null;
  false_as?: string[] | null;
  date_format?: string;
  title?: string;
  description?: string;
  units?: string;
  personal?: boolean;
}
export interface Output {
  name: string;
  kind:
    | "label"
    | "probability"
    | "score"
    | "value"
    | "features"
    | "array"
    | "labels"
    | "boxes"
    | "mask"
    | "spans"
    | "keypoints";
  dtype: "float64" | "int64" | "bool" | "string";
  width?: number | null;
  /**
   * The dimensions after the rows of an answer with several axes: a number where the size is fixed, else a name.
   */
  shape?: (number | string)[] | null;
  classes?: (string | number | boolean)[] | null;
  class_names?: string[] | null;
  columns?: string[] | null;
  title?: string;
  description?: string;
  units?: string;
  /**
   * What the kind of the output needs to compare or show answers.
   */
  settings?: {
    thresholds?: number[];
    score_threshold?: number;
    iou_threshold?: number;
    aggregation?: "none" | "simple" | "first" | "max" | "average";
    ignored?: string[];
  } | null;
}
export interface Tensor {
  name: string;
  dtype: "float64" | "float32" | "string" | "bool" | "int64";
  /**
   * @minItems 2
   * @maxItems 9
   */
  shape: (number | string)[];
  /**
   * @minItems 1
   */
  fields: number[];
  stage?: number;
}
export interface Stage {
  stage: "image/1" | "text/1" | "tokenizer/1";
  /**
   * @minItems 1
   * @maxItems 1
   */
  fields: number[];
  spec: {};
  data: {
    accents?: Digest;
    added?: Digest;
    added_after?: Digest;
    edits?: Digest;
    lower?: Digest;
    model?: Digest;
    normalizer?: Digest;
    pattern?: Digest;
    space?: Digest;
    splitter?: Digest;
    stop_words?: Digest;
    vocabulary?: Digest;
    word?: Digest;
  };
}
export interface Ignored {
  name: string;
  position: number;
}
