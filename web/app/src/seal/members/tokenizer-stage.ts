/**
 * The types of spec/schemas/tokenizer-stage.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

export type Model =
  | {
      wordlevel: {
        unknown: number;
      };
    }
  | {
      wordpiece: {
        unknown: number;
        prefix: string;
        longest: number;
      };
    }
  | {
      bpe: {
        /**
         * @maxItems 3145728
         */
        merges: number[];
        fuse: boolean;
        whole: boolean;
        unknown?: number;
        /**
         * @minItems 256
         * @maxItems 256
         */
        bytes?: number[];
        prefix?: string;
        suffix?: string;
      };
    }
  | {
      unigram: {
        /**
         * @maxItems 1048576
         */
        scores: number[];
        unknown: number;
        /**
         * @minItems 256
         * @maxItems 256
         */
        bytes?: number[];
      };
    };
/**
 * @maxItems 16384
 */
export type Added = unknown[][];
/**
 * @maxItems 8192
 */
export type CharacterSet = number[];
export type Edit =
  | {
      map: CharacterMap;
    }
  | {
      drop: CharacterSet;
    }
  | {
      surround: {
        set: CharacterSet;
        text: string;
      };
    }
  | {
      replace: {
        find: Pattern;
        with: string;
      };
    }
  | {
      strip: {
        space: CharacterSet;
        left: boolean;
        right: boolean;
      };
    }
  | {
      prefix: {
        text: string;
        repeated: boolean;
        first: boolean;
      };
    }
  | {
      form: {
        map: CharacterMap;
        /**
         * @maxItems 256
         */
        classes: CharacterSet[];
        /**
         * @maxItems 196608
         */
        pairs?: number[];
      };
    }
  | {
      bytes: true;
    };
export type Pattern =
  | {
      set: CharacterSet;
    }
  | {
      text: string;
    }
  | {
      pattern: Automaton;
    };

/**
 * A tokenizer stage in full: its `spec` and, under the same keys, its data out of blobs (spec/TOKENIZER.md).
 */
export interface TokenizerStage {
  vocabulary: {
    /**
     * @minItems 1
     * @maxItems 1048576
     */
    tokens: string[];
    /**
     * @maxItems 1048576
     */
    ids?: number[];
  };
  model: Model;
  template: {
    /**
     * @maxItems 64
     */
    before: number[][];
    /**
     * @maxItems 64
     */
    after: number[][];
  };
  type: number;
  added?: Added;
  added_after?: Added;
  word?: CharacterSet;
  space?: CharacterSet;
  /**
   * @maxItems 64
   */
  normalizer?: Edit[];
  /**
   * @maxItems 64
   */
  splitter?: (
    | Edit
    | {
        split: {
          at: Pattern;
          behavior: "removed" | "isolated" | "contiguous" | "with previous" | "with next";
          invert: boolean;
        };
      }
  )[];
  truncation?: {
    length: number;
    side: "left" | "right";
    refused?: boolean;
  };
  padding?: {
    id: number;
    type: number;
    side: "left" | "right";
    length?: number;
    multiple?: number;
  };
  trim?: {
    prefix: boolean;
  };
}
export interface CharacterMap {
  rest: "keep";
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
export interface Automaton {
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
}
