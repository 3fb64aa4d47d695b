/**
 * The JSON members of a sealed file as a sound one holds them. Made from spec/schemas by `npm run schemas`; do not edit.
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
  task: "classification" | "regression" | "transformation" | "clustering" | "outliers";
  /**
   * @minItems 1
   */
  tensors: Tensor[];
  /**
   * @maxItems 64
   */
  requires?: ("output:array/1" | "stage:text/1" | "type:tensor/1")[];
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
  kind: "label" | "probability" | "score" | "value" | "features" | "array";
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
  stage: "image/1" | "text/1";
  /**
   * @minItems 1
   * @maxItems 1
   */
  fields: number[];
  spec: {};
  data: {
    accents?: Digest;
    edits?: Digest;
    lower?: Digest;
    pattern?: Digest;
    space?: Digest;
    stop_words?: Digest;
    vocabulary?: Digest;
  };
}
export interface Ignored {
  name: string;
  position: number;
}

/**
 * evidence.json: what was measured when the file was made. Readers accept other contents, and show what they know.
 */
export interface Evidence {
  parity: {
    compared: {
      [k: string]: number;
    };
    rows: number;
    engines: {
      [k: string]: string;
    };
    jumps: {
      [k: string]: number;
    };
    refused_by_original: number;
    tolerance: {
      policy: number | null;
      stated: number | null;
    };
    outputs: {
      [k: string]: {
        different: number;
        /**
         * A number; NaN and the infinities by name.
         */
        worst: number | ("NaN" | "Infinity" | "-Infinity");
        relative?: number;
        scale?: number | number[];
      };
    };
  };
  steps: {
    path: string;
    how: string;
  }[];
  rows: number;
  rows_source: "generated" | "caller";
  metrics: {
    /**
     * A number; NaN and the infinities by name.
     */
    [k: string]: number | ("NaN" | "Infinity" | "-Infinity");
  };
  baseline: {} | null;
  notes: string[];
  privacy: {
    compared: {
      rows: number;
      training_rows: number | null;
      targets: boolean;
    };
    findings: {
      kind: string;
      count: number;
      of: number | null;
      columns: {
        [k: string]: number;
      };
      where: string;
      sentence: string;
      remedy: string;
    }[];
    not_checked: string[];
  };
}

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
 * manifest.json: what is inside, by digest (spec/SEAL.md §4).
 */
export interface Manifest {
  format: 1;
  members: {
    [k: string]: Member;
  };
  name: string;
  opsets: {
    [k: string]: number;
  };
  producer: string;
  task: string;
  version: string;
}
export interface Member {
  sha256: string;
  size: number;
}

/**
 * provenance.json: where the model comes from. Readers accept other contents.
 */
export interface Provenance {
  model: {
    type: string;
  };
  data: {
    rows: number;
    columns: number;
    sha256: string;
  };
  git: {
    commit: string;
    dirty: boolean;
  } | null;
  packages: {
    [k: string]: string;
  };
  platform: {
    python: string;
    system: string;
    machine: string;
  };
}

/**
 * sbom.cdx.json: the part of CycloneDX 1.6 (ECMA-424) that Sealift writes; the standard's own schema says what else may stand there. Readers accept other contents.
 */
export interface BillOfMaterials {
  bomFormat: "CycloneDX";
  specVersion: "1.6";
  version: 1;
  metadata: {
    component: Component;
  };
  components: Component[];
  dependencies: {
    ref: string;
    dependsOn: string[];
  }[];
}
export interface Component {
  type: string;
  "bom-ref": string;
  name: string;
  version: string;
  description?: string;
  purl?: string;
  hashes?: {
    alg: string;
    content: string;
  }[];
}

/**
 * signature.json: a DSSE envelope over an in-toto statement (spec/SEAL.md §5).
 */
export interface Envelope {
  payload: string;
  payloadType: "application/vnd.in-toto+json";
  /**
   * @minItems 1
   * @maxItems 64
   */
  signatures: Signature[];
}
export interface Signature {
  keyid: string;
  sig: string;
}

/**
 * reference/sketches.json: summaries of the training inputs, by input; of dates in days since 1970. Readers accept other contents.
 */
export interface Sketches {
  [k: string]: NumberSketch | CategorySketch | ArraySketch;
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
}
export interface ElementSketch {
  missing: number;
  quantiles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
  tail: number;
  values: (number | boolean | string)[];
  shares: number[];
  whole: boolean;
}

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
