/** JSON from an untrusted file: UTF-8 without a mark, no key twice, at most 32 levels (spec/SEAL.md §2, §3). */
export const MAX_DEPTH = 32;

export function parseStrict(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SyntaxError("it is not UTF-8");
  }
  checkStructure(text);
  return JSON.parse(text) as unknown;
}

/** One pass over the text before the parser sees it: JSON.parse keeps the last of two equal keys without a word. */
function checkStructure(text: string): void {
  const open: (Set<string> | null)[] = []; // a set of keys for an object, null for an array
  let keyNext = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') {
      const start = i;
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
      const keys = open.at(-1);
      if (keyNext && keys) {
        const key = JSON.parse(text.slice(start, i + 1)) as string;
        if (keys.has(key)) throw new SyntaxError(`the key ${JSON.stringify(key).slice(0, 60)} stands twice`);
        keys.add(key);
        keyNext = false;
      }
    } else if (char === "{" || char === "[") {
      open.push(char === "{" ? new Set() : null);
      if (open.length > MAX_DEPTH) throw new SyntaxError(`it is nested deeper than ${MAX_DEPTH} levels`);
      keyNext = char === "{";
    } else if (char === "}" || char === "]") {
      open.pop();
      keyNext = false;
    } else if (char === ",") {
      keyNext = Boolean(open.at(-1));
    }
  }
}

/** A number member, reading the three names that JSON lacks; undefined where it is none. */
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
