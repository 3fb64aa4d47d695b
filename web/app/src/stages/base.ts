/**
 * The protocol of a kind of stage: what computes tensors from the values of one field, before the graph.
 *
 * To add a kind, write a subclass of `StageType` and one of `StageRun` in this folder, and list the `StageType` in
 * index.ts. The Python implementation is in stages/base.py.
 */
import { Prepared, type Stage, type Tensor, type Value } from "../contract/contract";
import type { TensorData } from "../contract/tensors";
import type { PictureCode, RowCode } from "../contract/value";

/** Checked rows: the values of all fields, in the order of the contract. */
export type Rows = readonly (readonly Value[])[];

/** Tensors by name. */
export type Tensors = ReadonlyMap<string, TensorData>;

/** Rows for one run of the graph, and the tensors that stages computed from them. */
export interface Piece {
  rows: Rows;
  tensors: Tensors;
}

/** A tensor that each stage of a kind computes; that of stage 3 is called `<name>3`. */
export interface StageOutput {
  readonly name: string;
  readonly dtype: Tensor["dtype"];
  /** The dimensions after `rows`: a number where the size is fixed, else a name; the stage's number is appended. */
  readonly shape: readonly (number | string)[];
}

/** A value that a stage cannot prepare. */
export interface StageProblem {
  /** The index of the field. */
  field: number;
  code: PictureCode;
  /** Completes the sentence "The picture …". */
  what: string;
}

export interface PreparedRow {
  row: readonly Value[];
  problems: StageProblem[];
}

/** The levels of a decoded picture: row by row, and within a row pixel by pixel. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for colours, 4 with alpha. */
  readonly channels: number;
  readonly levels: ArrayLike<number>;
  /** The largest level: 255, or 65535 for 16 bits. */
  readonly most: number;
}

/** An element of the header of a file, for display. */
export interface HeaderEntry {
  readonly tag: string;
  readonly name: string;
  /** Its value representation. */
  readonly kind: string;
  readonly value: string;
  /** Whether it can identify a person. */
  readonly isIdentifying: boolean;
}

/** A frame of a file for display, of a format that has more than the picture that the model takes. */
export interface Scan {
  readonly width: number;
  readonly height: number;
  /** The index of this frame, their number, and the index of the frame that the model takes. */
  readonly frame: number;
  readonly frames: number;
  readonly modelFrame: number;
  /** The values of grey pixels, row by row; null for colours. */
  readonly values: Float64Array | null;
  /** The picture, for colours. */
  readonly colours: DecodedPicture | null;
  /** Whether high values are dark. */
  readonly isInverted: boolean;
  /** The centre and the width with which the model takes grey values. */
  readonly window: readonly [number, number] | null;
  readonly header: readonly HeaderEntry[];
  readonly windows: readonly { readonly name: string; readonly centre: number; readonly width: number }[];
}

/** A picture after all steps of its stage: a part of a tensor. */
export abstract class PreparedImage extends Prepared {
  /** The height and width of the tensor. */
  abstract readonly area: readonly [number, number];
  /** The scale y and x and the offset y and x: tensor = original × scale + offset (spec/IMAGE.md §7). */
  abstract readonly placement: readonly [number, number, number, number];

  /** The same picture, of which a rectangle of the tensor has the mean of each channel. */
  abstract covered(top: number, left: number, height: number, width: number): PreparedImage;
}

/** Called with the index of the field. */
export type OnPicture = (field: number, picture: DecodedPicture) => void;

/** A stage that refuses some values of its field. */
export interface RefusingStage {
  /** The index of the field. */
  readonly field: number;
  /** The code of its problems; R108 if it is absent. */
  readonly code?: RowCode;
  /** What is wrong with a value of the field called `name`, as a sentence; empty if nothing is. */
  problem(name: string, value: string | number): string;
  /** A value that is not refused, for the form; may be empty. */
  readonly example: string;
}

/** All stages of one kind of a contract, ready to run. */
export abstract class StageRun {
  /** The stages that refuse values. */
  readonly refusing: readonly RefusingStage[] = [];

  /**
   * Yields checked rows in pieces for the graph, in order, each with the tensors of the stages.
   * Throws E207 for a value that takes more work than the kind of stage allows.
   */
  abstract pieces(rows: Rows): Iterable<Piece>;

  /**
   * A checked row with values that this kind of stage has read, such as decoded pictures, and what is wrong with others.
   * `onPicture` is called with each decoded picture.
   */
  async prepare(row: readonly Value[], _onPicture?: OnPicture): Promise<PreparedRow> {
    return { row, problems: [] };
  }

  /** A frame of the file of a field for display; null where there is not more than the picture that the model takes. */
  async scan(_field: number, _file: Blob, _frame: number | null): Promise<Scan | null> {
    return null;
  }

  /** What makes the answer to a row less reliable: field → what its value has, such as "no word that the model knows". */
  cautions(_row: readonly Value[]): ReadonlyMap<number, string> {
    return new Map();
  }
}

/** One kind of stage. */
export abstract class StageType {
  abstract readonly name: string;
  /** The version of its specification; each version is a separate kind. */
  abstract readonly version: number;
  /** The keys of `Stage.spec` whose values are stored as members by digest, so that stages can share them. */
  readonly data: readonly string[] = [];
  /** What its field must hold: strings, or values of a type that only a stage reads. */
  readonly takes: "text" | "stage" = "text";
  /** The tensors that each stage computes. */
  abstract readonly outputs: readonly StageOutput[];

  /** The tensors that a stage computes, where their shape depends on its `spec`. Throws E106. */
  outputsOf(_stage: Stage): readonly StageOutput[] {
    return this.outputs;
  }

  /** The `stage` in contract.json. */
  get kind(): string {
    return `${this.name}/${this.version}`;
  }

  /** What a contract with such a stage requires of its reader. */
  get capability(): string {
    return `stage:${this.kind}`;
  }

  /** Reads stages of this kind, by their number in the contract. Throws E106 for a malformed one. */
  abstract open(stages: ReadonlyMap<number, Stage>): StageRun;

  /** The formats of files that a stage reads, for the form; empty where values are no files. */
  formats(_stage: Stage): string {
    return "";
  }

  /** Whether a stage refuses some values; it may be malformed. */
  isRefusing(_stage: Stage): boolean {
    return false;
  }

  /** Whether the values of its field may be long, so that the form has several lines for them. */
  isMultiline(_stage: Stage): boolean {
    return false;
  }
}
