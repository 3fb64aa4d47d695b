/** `int64`: whole numbers up to 2⁵³ - 1. Beyond, doubles are not exact: 2⁵³ + 1 is rounded to 2⁵³. */
import type { Scalar } from "../contract";
import { NumberType } from "./number";

class IntegerType extends NumberType {
  override readonly needed = "a whole number";

  override fits(value: Scalar): boolean {
    return Number.isSafeInteger(value);
  }

  override encode(raw: unknown): number | undefined {
    const number = super.encode(raw);
    return Number.isSafeInteger(number) ? number : undefined;
  }
}

export const INT64 = new IntegerType("int64");
