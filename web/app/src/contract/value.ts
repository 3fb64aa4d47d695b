/** One value or cell against its field (spec/CONTRACT.md §2, §3, §5). The Python twin is contract/{cells,check}.py. */
import { Unreadable } from "./cells";
import { boundText, hint, isTime, microsOf } from "./moments";
import { shown, type DType, type Field, type Value } from "./types";

export type RowCode = "R101" | "R102" | "R103" | "R104" | "R105" | "R107" | "R108";
export type Checked = { value: Value } | { code: RowCode; message: string };

/** 2⁵³ itself is refused, because 2⁵³ + 1 becomes the same double. */
const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const NEEDED: Record<DType, string> = {
  float64: "a finite number",
  float32: "a finite number",
  int64: "a whole number",
  bool: "true or false",
  string: "text",
  date: "a date as 2024-03-01",
  datetime: "a date with its time as 2024-03-01T12:30:00",
};

export function checkCell(field: Field, cell: string): Checked {
  return check(field, field.cells.read(cell));
}

/** A value from JSON: null and NaN are missing. */
export function checkValue(field: Field, raw: unknown): Checked {
  return check(field, raw);
}

/** The value in its field's type, or undefined. float32 is rounded first, as the training side did. */
export function typed(raw: unknown, dtype: DType): string | number | undefined {
  if (dtype === "string") return typeof raw === "string" && isText(raw) ? raw : undefined;
  if (isTime(dtype)) return typeof raw === "string" ? microsOf(raw, dtype) : undefined;
  if (typeof raw !== "number" && typeof raw !== "boolean") return undefined;
  const number = dtype === "float32" ? Math.fround(Number(raw)) : Number(raw);
  if (!Number.isFinite(number)) return undefined;
  if (dtype === "int64" && (!Number.isInteger(number) || Math.abs(number) > MAX_SAFE)) return undefined;
  if (dtype === "bool" && number !== 0 && number !== 1) return undefined;
  return number;
}

/** Half of a surrogate pair and U+0000 have no place in the graph's texts. */
function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

function check(field: Field, raw: unknown): Checked {
  if (raw === null || raw === undefined || Number.isNaN(raw)) {
    if (field.missing === "allowed") return { value: null };
    return { code: "R101", message: `"${field.name}" is required but missing.` };
  }
  const value = typed(raw, field.dtype);
  if (value === undefined) {
    const needed = field.date_format ? `a date as ${field.date_format}` : NEEDED[field.dtype];
    let message = `"${field.name}" is ${quoted(raw)}, but must be ${needed}.`;
    if (isTime(field.dtype)) message += hint(raw instanceof Unreadable ? raw.text : String(raw));
    else if (raw instanceof Unreadable && raw.text.includes(","))
      message += " Decimals are written with a point.";
    return { code: "R102", message };
  }
  if (field.range && typeof value === "number") {
    const [low, high] = field.range;
    if ((low !== null && value < low) || (high !== null && value > high)) {
      const bounds = [
        low === null ? "" : `at least ${boundText(field, low)}`,
        high === null ? "" : `at most ${boundText(field, high)}`,
      ];
      const units = field.units ? ` ${field.units}` : "";
      const must = bounds.filter(Boolean).join(" and ");
      return { code: "R103", message: `"${field.name}" is ${quoted(raw)}, but must be ${must}${units}.` };
    }
  }
  if (field.known && field.unknown === "refused" && !field.known.has(value)) {
    const names = (field.categories ?? []).map(shown);
    const listed = names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
    return {
      code: "R104",
      message: `"${field.name}" is ${quoted(raw)}, which the model does not know. It knows: ${listed}.`,
    };
  }
  if (typeof value !== "string") return { value };
  for (const stage of field.refusing) {
    const wanted = stage.refusedAs(value);
    if (wanted) {
      const message = `"${field.name}" is ${quoted(value)}, which cannot be read as ${wanted}.`;
      return { code: "R108", message };
    }
  }
  return { value };
}

function quoted(raw: unknown): string {
  const value = raw instanceof Unreadable ? raw.text : raw;
  if (typeof value !== "string") return String(value).slice(0, 60);
  return `the text '${value.length > 60 ? `${value.slice(0, 59)}…` : value}'`;
}
