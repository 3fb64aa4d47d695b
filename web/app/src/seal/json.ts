/** A strict JSON reader: no duplicate keys, unpaired surrogates or inexact numbers, at most 32 levels (spec/SEAL.md §3). */
export const MAX_DEPTH = 32;

/** Bounds of the memory and time for a JSON text: commas and opening brackets outside strings, and colons there. */
export interface Marks {
  values: number;
  keys: number;
}

/** The maximum of all JSON members together (spec/SEAL.md §2). */
export const MOST_JSON: Marks = { values: 7 << 17, keys: 3 << 17 };

/** The maximum of the contract, which is counted first. */
export const MOST_CONTRACT: Marks = { ...MOST_JSON, keys: 1 << 17 };

export class TooMany extends Error {}

/** `marks` are those of the previous texts; those of this one are added. Throws SyntaxError, or TooMany. */
export function parseStrict(
  bytes: Uint8Array,
  marks: Marks = { values: 0, keys: 0 },
  most: Marks = MOST_JSON,
): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SyntaxError("not UTF-8");
  }
  checkStructure(text, marks, most);
  return JSON.parse(text) as unknown;
}

/** Checks the text before it is parsed, because JSON.parse silently keeps the last of two equal keys. */
function checkStructure(text: string, marks: Marks, most: Marks): void {
  const count = (kind: keyof Marks) => {
    if (++marks[kind] > most[kind])
      throw new TooMany(`more than ${most.values} values, or ${most.keys} keys`);
  };
  const open: (Set<string> | null)[] = []; // a set of keys for an object, null for an array
  let keyNext = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') {
      const start = i;
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
      const keys = open.at(-1);
      const raw = text.slice(start, i + 1);
      const isKey = keyNext && keys;
      const key = isKey || raw.includes("\\u") ? (JSON.parse(raw) as string) : "";
      if (!key.isWellFormed()) throw new SyntaxError("a string has an unpaired surrogate");
      if (isKey) {
        if (keys.has(key)) throw new SyntaxError(`duplicate key ${JSON.stringify(key).slice(0, 60)}`);
        keys.add(key);
        keyNext = false;
      }
    } else if (char === "{" || char === "[") {
      count("values");
      open.push(char === "{" ? new Set() : null);
      if (open.length > MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
      keyNext = char === "{";
    } else if (char === "}" || char === "]") {
      open.pop();
      keyNext = false;
    } else if (char === ",") {
      count("values");
      keyNext = Boolean(open.at(-1));
    } else if (char === ":") {
      count("keys");
    } else if (char === "-" || (char! >= "0" && char! <= "9")) {
      const start = i;
      while (i + 1 < text.length && "0123456789+-.eE".includes(text[i + 1]!)) i++;
      checkNumber(text.slice(start, i + 1));
    }
  }
}

function checkNumber(text: string): void {
  const value = Number(text);
  if (Math.abs(value) === Infinity) throw new SyntaxError("a number is larger than the largest double");
  // The canonical form of a double beyond 2⁵³ may end in zeros in place of its exact digits.
  if (/^-?[0-9]{16,}$/.test(text) && BigInt(text) !== BigInt(value) && String(value) !== text)
    throw new SyntaxError("an integer is not exact as a double");
}

/** The canonical JSON of a value (RFC 8785, except that -0 keeps its sign): keys in the order of UTF-16, no white space. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${(value as unknown[]).map(canonical).join(",")}]`;
  if (Object.is(value, -0)) return "-0";
  if (!isObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

/** A number, or one of the names "NaN", "Infinity" and "-Infinity"; undefined for other values. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (value === "NaN") return NaN;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
