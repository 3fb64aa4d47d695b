/** The types of values by name. Only these modules know a type by its name. */
import type { ValueType } from "./base";
import { BOOL } from "./boolean";
import { INT64 } from "./integer";
import { FLOAT32, FLOAT64 } from "./number";
import { STRING } from "./text";
import { DATE, DATETIME } from "./time";

export { Unreadable, type Choice, type Control, type ValueType } from "./base";

export const TYPES: readonly ValueType[] = [FLOAT64, FLOAT32, INT64, BOOL, STRING, DATE, DATETIME];

/** The type that a `dtype` of a file names; undefined where the page has none. */
export function valueType(dtype: unknown): ValueType | undefined {
  return TYPES.find((type) => type.name === dtype);
}
