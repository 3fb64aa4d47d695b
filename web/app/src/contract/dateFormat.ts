/** Formats of dates in text files other than ISO 8601 (spec/CONTRACT.md §3; contract/date_format.py). */
import { microsOf } from "./moments";

const PARTS: Record<string, string> = {
  Y: "[0-9]{4}",
  m: "[0-9]{1,2}",
  d: "[0-9]{1,2}",
  H: "[0-9]{1,2}",
  M: "[0-9]{1,2}",
  S: "[0-9]{1,2}",
};
const EXAMPLE: Record<string, string> = { Y: "2024", m: "12", d: "31", H: "23", M: "59", S: "59" };
// eslint-disable-next-line no-control-regex
const LITERAL = /^(?:[^%A-Za-z0-9\u0000-\u001f]|T)$/u;
const MAX_LENGTH = 32;
/** A format that reads these differently from ISO 8601 would turn one date into another. */
const PROBES = ["2024-03-02", "2024-03-02T04:05", "2024-03-02T04:05:06"];

/** What is wrong with a date format, for dates without a time of day if `isDay`; empty if nothing is. */
export function formatProblem(given: string, isDay: boolean): string {
  const tokens = tokensOf(given);
  if (!tokens || [...given].length > MAX_LENGTH)
    return "date_format must consist of %Y %m %d %H %M %S and separators, at most 32 characters";
  const directives = tokens.filter((token) => token.startsWith("%")).map((token) => token[1]!);
  const has = (name: string) => directives.includes(name);
  if (new Set(directives).size !== directives.length || !(has("Y") && has("m") && has("d")))
    return "date_format must have each of %Y, %m and %d once";
  if (isDay && directives.length > 3) return "the date_format of a date must not have a time of day";
  if ((has("M") && !has("H")) || (has("S") && !has("M")))
    return "date_format must not have %M without %H, or %S without %M";
  const pattern = compileFormat(given);
  for (const probe of PROBES) {
    const iso = isoOf(probe, pattern);
    if (iso !== probe && microsOf(iso) !== microsOf(probe))
      return "date_format reads ISO 8601 dates as other dates";
  }
  return "";
}

/** The regular expression of a valid format. */
export function compileFormat(given: string): RegExp {
  const parts = (tokensOf(given) ?? []).map((token) =>
    token.startsWith("%")
      ? `(?<${token[1]!}>${PARTS[token[1]!]!})`
      : `\\u{${token.codePointAt(0)!.toString(16)}}`,
  );
  return new RegExp(`^(?:${parts.join("")})$`, "u");
}

/** The last second of 2024 in a valid format, for messages: `31.12.2024`. */
export function example(given: string): string {
  return given.replace(/%([YmdHMS])/g, (_, part: string) => EXAMPLE[part]!);
}

/** A cell that matches the pattern, in ISO 8601; other cells unchanged. */
export function isoOf(text: string, pattern: RegExp): string {
  const parts = pattern.exec(text)?.groups;
  if (!parts) return text;
  const two = (name: string) => (parts[name] ?? "0").padStart(2, "0");
  const date = `${parts["Y"]!}-${two("m")}-${two("d")}`;
  return "H" in parts ? `${date}T${two("H")}:${two("M")}:${two("S")}` : date;
}

/** Directives (`%Y`) and single literal characters; null if one is not permitted. */
function tokensOf(given: string): string[] | null {
  const characters = [...given];
  const tokens: string[] = [];
  for (let at = 0; at < characters.length; at++) {
    let token = characters[at]!;
    if (token === "%") {
      token += characters[++at] ?? "";
      if (!Object.hasOwn(PARTS, token.slice(1))) return null;
    } else if (!LITERAL.test(token)) return null;
    tokens.push(token);
  }
  return tokens;
}
