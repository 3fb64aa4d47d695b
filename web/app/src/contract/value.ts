/** Checks a value or a cell (spec/CONTRACT.md §2, §3, §5). The Python implementation is in contract/{cells,check}.py. */
import { shown, type Field, type Value } from "./contract";
import { quoted } from "./quoted";

/** The problems of pictures (spec/IMAGE.md §8). */
export type PictureCode = "R110" | "R111" | "R112" | "R113" | "R114" | "R115";
/** The problems of documents (spec/DOCUMENTS.md). */
export type DocumentCode = "R121" | "R122" | "R123";
export type RowCode =
  ("R101" | "R102" | "R103" | "R104" | "R105" | "R107" | "R108" | "R120") | PictureCode | DocumentCode;
export type Checked = { value: Value } | { code: RowCode; message: string };

export function checkCell(field: Field, cell: string): Checked {
  return check(field, field.cells.read(cell));
}

/** Checks a value from JSON: null and NaN are missing. */
export function checkValue(field: Field, raw: unknown): Checked {
  return check(field, raw);
}

function check(field: Field, raw: unknown): Checked {
  if (raw === null || raw === undefined || Number.isNaN(raw)) {
    if (field.missing === "allowed") return { value: null };
    return { code: "R101", message: `"${field.name}" is required but missing.` };
  }
  const { type } = field;
  const value = type.encode(raw);
  if (value === undefined) {
    const needed = type.needs(field.date_format);
    const message = `"${field.name}" is ${quoted(raw)}, but must be ${needed}.${type.hint(raw)}`;
    return { code: "R102", message };
  }
  if (value instanceof Blob) return { value };
  if (field.range && typeof value === "number") {
    const [low, high] = field.range;
    if ((low !== null && value < low) || (high !== null && value > high)) {
      const bounds = [
        low === null ? "" : `at least ${type.boundText(low)}`,
        high === null ? "" : `at most ${type.boundText(high)}`,
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
  for (const stage of field.refusing) {
    const message = stage.problem(field.name, value);
    if (message) return { code: stage.code ?? "R108", message };
  }
  return { value };
}
