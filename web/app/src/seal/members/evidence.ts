/**
 * The types of spec/schemas/evidence.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

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
    /**
     * Output of classes or labels: rows whose answer differs, because the numbers that decide it are equal within the tolerance.
     */
    ties?: {
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
        /**
         * Of boxes, masks and keypoints: what was counted, in the original's answers and without an equal one, and the least intersection over union of two that match.
         */
        sets?: {
          unit: string;
          compared: number;
          different: number;
          least_iou: number;
        };
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
  /**
   * Where the file is a variant of another sealed file: how its answers differ from those of that file.
   */
  optimized?: {
    /**
     * The identity of the other file.
     */
    original: string;
    method: string;
    rows: number;
    engines: {
      [k: string]: string;
    };
    flips: number;
    worst: {
      [k: string]: number;
    };
    metrics: {
      /**
       * A number; NaN and the infinities by name.
       */
      [k: string]: number | ("NaN" | "Infinity" | "-Infinity");
    };
  };
}
