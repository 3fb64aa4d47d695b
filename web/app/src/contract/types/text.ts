/** `string`: strings of any length, including the empty string. */
import type { Scalar, Value } from "../contract";
import { ValueType, type CellRules } from "./base";

class TextType extends ValueType {
  readonly name = "string";
  readonly feeds = "text";
  readonly needed = "text";
  /** NA and None can be categories. */
  override readonly missingWords = [""];
  override readonly hasRange = false;

  fits(value: Scalar): boolean {
    return typeof value === "string";
  }

  cell(cell: string, rules: CellRules): Value {
    return rules.missing.has(cell) ? null : cell;
  }

  /** Unpaired surrogates and U+0000 are not permitted in strings of the graph. */
  encode(raw: unknown): string | undefined {
    return typeof raw === "string" && raw.isWellFormed() && !raw.includes("\0") ? raw : undefined;
  }
}

export const STRING = new TextType();
