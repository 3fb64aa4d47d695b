/** Values in messages about rows. */
import { Unreadable } from "./types";

/** A value for a message, shortened. */
export function quoted(raw: unknown): string {
  const value = raw instanceof Unreadable ? raw.text : raw;
  if (typeof value !== "string") return String(value).slice(0, 60);
  return `the text '${value.length > 60 ? `${value.slice(0, 59)}…` : value}'`;
}
