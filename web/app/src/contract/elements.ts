/** The types of the elements of tensors and answers. */
import type * as members from "../seal/members/contract";
import { asNumber } from "../seal/json";
import type { Scalar } from "./contract";

export interface Element {
  readonly name: members.Tensor["dtype"];
  /** The code of onnx.TensorProto.DataType. */
  readonly code: number;
  /** Whether outputs may have it; otherwise it is only of tensors that stages compute. */
  readonly isOutput: boolean;
  /** Whether answers may differ within a tolerance, and are rounded for display. */
  readonly isMeasured: boolean;
  /** Whether a value from JSON is of this type. */
  fits(value: unknown): boolean;
  /** Converts a number of a stored array; null where values of the type are not stored as numbers. */
  readonly stored: ((value: number) => Scalar) | null;
  /** Converts an element of the engine's array to an answer. */
  read(raw: number | bigint | string): Scalar;
}

const ELEMENTS: readonly Element[] = [
  {
    name: "float64",
    code: 11,
    isOutput: true,
    isMeasured: true,
    fits: (value) => asNumber(value) !== undefined,
    stored: (value) => value,
    read: (raw) => raw as number,
  },
  {
    name: "float32",
    code: 1,
    isOutput: false,
    isMeasured: true,
    fits: (value) => asNumber(value) !== undefined,
    stored: (value) => value,
    read: (raw) => raw as number,
  },
  {
    name: "int64",
    code: 7,
    isOutput: true,
    isMeasured: false,
    fits: (value) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 63,
    stored: (value) => value,
    read: Number,
  },
  {
    name: "bool",
    code: 9,
    isOutput: true,
    isMeasured: false,
    fits: (value) => typeof value === "boolean",
    stored: (value) => value === 1,
    read: Boolean,
  },
  {
    name: "string",
    code: 8,
    isOutput: true,
    isMeasured: false,
    fits: (value) => typeof value === "string",
    stored: null,
    read: (raw) => raw as string,
  },
];

/** The type of the `dtype` of a tensor or an output. */
export function elementOf(dtype: unknown): Element | undefined {
  return ELEMENTS.find((element) => element.name === dtype);
}
