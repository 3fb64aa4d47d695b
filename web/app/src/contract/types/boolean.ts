/** `bool`: true and false, which are 1 and 0 in the graph. */
import type { Scalar, Value } from "../contract";
import type { CellRules, Unreadable } from "./base";
import { NumberType, trimmed } from "./number";

class BooleanType extends NumberType {
  override readonly needed = "true or false";
  override readonly hasWords = true;
  override readonly choices = [
    { value: "false", text: "No" },
    { value: "true", text: "Yes" },
  ];

  override fits(value: Scalar): boolean {
    return typeof value === "boolean";
  }

  override cell(cell: string, rules: CellRules): Value | Unreadable {
    const text = trimmed(cell);
    if (!rules.missing.has(text)) {
      const word = rules.words.get(text);
      if (word !== undefined) return word;
      const lower = text.toLowerCase();
      if (lower === "true") return 1;
      if (lower === "false") return 0;
    }
    return super.cell(cell, rules);
  }

  override encode(raw: unknown): number | undefined {
    const number = super.encode(raw);
    return number === 0 || number === 1 ? number : undefined;
  }

  override entry(value: string | number): string {
    return value ? "true" : "false";
  }
}

export const BOOL = new BooleanType("bool");
