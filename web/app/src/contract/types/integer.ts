/** `int64`: whole numbers up to 2⁵³ - 1, which doubles hold exactly; 2⁵³ + 1 becomes the same double as 2⁵³. */
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
