/**
 * Reads the XML of a document, in a worker too, where browsers have no DOMParser. Document type declarations, and so
 * entities, are refused. Namespaces are not needed: elements and attributes are known by their local names.
 */
import { MOST_DEPTH } from "./limits";
import { broken } from "./refusal";

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (XmlElement | string)[];
}

const NAME = "[^\\s<>/=\"'&!?]+";
const TOKEN = new RegExp(
  [
    "<!--[\\s\\S]*?-->",
    "<!\\[CDATA\\[([\\s\\S]*?)\\]\\]>",
    "<\\?[\\s\\S]*?\\?>",
    `</(${NAME})\\s*>`,
    `<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^<"]*"|'[^<']*'))*)\\s*(/?)>`,
    "([^<]+)",
  ].join("|"),
  "y",
);
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "g");
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** The outermost element. Throws a DocumentRefusal. */
export function parseXml(data: Uint8Array): XmlElement {
  const text = textOf(data).replace(/\r\n?/g, "\n");
  if (FORBIDDEN.test(text)) throw invalid();
  const outer: XmlElement = { name: "", attributes: new Map(), children: [] };
  const open = [outer];
  const names = [""];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text);
    if (!token) throw invalid();
    const [, cdata, ended, name, attributes, isEmpty, plain] = token;
    const current = open.at(-1)!;
    if (ended !== undefined) {
      if (names.pop() !== ended || open.length === 1) throw invalid();
      open.pop();
    } else if (name !== undefined) {
      const made: XmlElement = { name: local(name), attributes: attributesOf(attributes!), children: [] };
      current.children.push(made);
      if (isEmpty) continue;
      if (open.length > MOST_DEPTH) throw invalid();
      open.push(made);
      names.push(name);
    } else {
      const content = cdata ?? (plain === undefined ? "" : unescaped(plain));
      if (open.length > 1) current.children.push(content);
      else if (content.trim()) throw invalid();
    }
  }
  const [root, ...more] = outer.children;
  if (open.length > 1 || more.length > 0 || typeof root !== "object") throw invalid();
  return root;
}

function textOf(data: Uint8Array): string {
  const wide =
    data[0] === 0xff && data[1] === 0xfe
      ? "utf-16le"
      : data[0] === 0xfe && data[1] === 0xff
        ? "utf-16be"
        : "";
  try {
    return new TextDecoder(wide || "utf-8", { fatal: true }).decode(data);
  } catch {
    throw invalid();
  }
}

function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(ATTRIBUTE))
    attributes.set(local(name!), unescaped(double ?? single ?? ""));
  return attributes;
}

function unescaped(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))|(\w+));|&/g, (_, hex, decimal, name) => {
    if (name !== undefined) {
      const known = Object.hasOwn(ENTITIES, name as string) ? ENTITIES[name as string] : undefined;
      if (known === undefined) throw invalid();
      return known;
    }
    const code = hex === undefined ? Number(decimal) : parseInt(hex as string, 16);
    if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) throw invalid();
    const char = String.fromCodePoint(code);
    if (FORBIDDEN.test(char)) throw invalid();
    return char;
  });
}

function local(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function invalid() {
  return broken("is damaged: its XML cannot be read");
}
