/** `image`: pictures as encoded files, which an image stage converts to a tensor (spec/IMAGE.md). */
import { fromBase64 } from "../../seal/bytes";
import type { Value } from "../contract";
import { Unreadable, ValueType, type CellRules, type Control } from "./base";

const DATA_URI = /^data:[\w!#$&^.+/;=-]*?;base64,/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

class ImageType extends ValueType {
  readonly name = "image";
  override readonly capability = "type:image/1";
  readonly feeds = "stage";
  readonly needed = "a picture: the bytes of its file, or Base64 of them";
  override readonly hasCategories = false;
  override readonly hasRange = false;
  override readonly isWide = true;

  fits(): boolean {
    return false;
  }

  cell(cell: string, rules: CellRules): Value | Unreadable {
    if (rules.missing.has(cell)) return null;
    return this.encode(cell) ?? new Unreadable(cell);
  }

  /** A file, or the bytes in a string. */
  encode(raw: unknown): Blob | undefined {
    if (raw instanceof Blob) return raw;
    if (typeof raw !== "string") return undefined;
    const text = raw.replace(DATA_URI, "");
    return text !== "" && BASE64.test(text) ? new Blob([fromBase64(text)]) : undefined;
  }

  override hint(raw: unknown): string {
    const isText = typeof raw === "string" || raw instanceof Unreadable;
    return isText ? " A string must be Base64 of the file, or a data: URI." : "";
  }

  override control(): Control {
    return { kind: "picture" };
  }
}

export const IMAGE = new ImageType();
