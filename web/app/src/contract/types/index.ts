/** The types of values by name. Code outside this folder names no type. */
import type { ValueType } from "./base";
import { BOOL } from "./boolean";
import { IMAGE } from "./image";
import { INT64 } from "./integer";
import { FLOAT32, FLOAT64 } from "./number";
import { STRING } from "./text";
import { DATE, DATETIME } from "./time";

export { Unreadable, type Choice, type Control, type ValueType } from "./base";

export const TYPES: readonly ValueType[] = [FLOAT64, FLOAT32, INT64, BOOL, STRING, DATE, DATETIME, IMAGE];

/** The type of a `dtype`; undefined if the page does not have it. */
export function valueType(dtype: unknown): ValueType | undefined {
  return TYPES.find((type) => type.name === dtype);
}
