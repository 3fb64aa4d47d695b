/**
 * A small, safe subset of Markdown: text from the file becomes a tree of known nodes, never HTML.
 * Links show their text and address and are not active; images show their alternative text.
 */
export type Inline =
  { kind: "text" | "code" | "strong" | "em"; text: string } | { kind: "link"; text: string; address: string };

export type Block =
  | { kind: "heading"; level: number; inline: Inline[] }
  | { kind: "paragraph" | "quote"; inline: Inline[] }
  | { kind: "list"; ordered: boolean; items: Inline[][] }
  | { kind: "code"; text: string }
  | { kind: "rule" }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] };

const INLINE =
  /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)|<(https?:[^>\s]+)>/g;
const ITEM = /^\s*([-*+]|\d{1,4}[.)])\s+(.*)$/;

export function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > last) parts.push({ kind: "text", text: text.slice(last, match.index) });
    const [whole, code, strong, strong2, em, linkText, address, bare] = match;
    if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (strong ?? strong2) parts.push({ kind: "strong", text: (strong ?? strong2)! });
    else if (em !== undefined) parts.push({ kind: "em", text: em });
    else if (bare !== undefined) parts.push({ kind: "link", text: bare, address: bare });
    else parts.push({ kind: "link", text: linkText ?? "", address: address ?? "" });
    last = match.index + whole.length;
  }
  if (last < text.length) parts.push({ kind: "text", text: text.slice(last) });
  return parts;
}

/** The YAML front matter and the rest. */
export function splitFrontMatter(card: string): { front: string; body: string } {
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?/.exec(card);
  return match ? { front: match[1]!, body: card.slice(match[0].length) } : { front: "", body: card };
}

export function parseMarkdown(source: string): Block[] {
  // Comments are not for readers.
  const lines = source.replace(/<!--[\s\S]*?-->/g, "").split(/\r?\n/);
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length;) {
    const line = lines[i]!;
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (!line.trim()) {
      i++;
    } else if (heading) {
      blocks.push({ kind: "heading", level: heading[1]!.length, inline: parseInline(heading[2]!) });
      i++;
    } else if (/^\s*(```|~~~)/.test(line)) {
      const fence = line.trim().slice(0, 3);
      const end = lines.findIndex((other, at) => at > i && other.trim().startsWith(fence));
      const stop = end < 0 ? lines.length : end;
      blocks.push({ kind: "code", text: lines.slice(i + 1, stop).join("\n") });
      i = stop + 1;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      blocks.push({ kind: "rule" });
      i++;
    } else if (line.includes("|") && /^[\s|:-]+$/.test(lines[i + 1] ?? "") && lines[i + 1]!.includes("-")) {
      const rows: Inline[][][] = [];
      let at = i + 2;
      for (; at < lines.length && lines[at]!.includes("|"); at++) rows.push(cells(lines[at]!));
      blocks.push({ kind: "table", head: cells(line), rows });
      i = at;
    } else if (ITEM.test(line)) {
      const items: string[] = [];
      let at = i;
      for (; at < lines.length && lines[at]!.trim(); at++) {
        const item = ITEM.exec(lines[at]!);
        if (item) items.push(item[2]!);
        else items[items.length - 1] += ` ${lines[at]!.trim()}`;
      }
      blocks.push({ kind: "list", ordered: /^\s*\d/.test(line), items: items.map(parseInline) });
      i = at;
    } else {
      const quote = line.startsWith(">");
      let at = i;
      const parts: string[] = [];
      for (; at < lines.length && lines[at]!.trim() && (at === i || !startsBlock(lines[at]!)); at++) {
        parts.push(lines[at]!.replace(/^>\s?/, "").trim());
      }
      blocks.push({ kind: quote ? "quote" : "paragraph", inline: parseInline(parts.join(" ")) });
      i = at;
    }
  }
  return blocks;
}

function startsBlock(line: string): boolean {
  return /^(#{1,6}\s|\s*```|\s*~~~)/.test(line) || ITEM.test(line);
}

function cells(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => parseInline(cell.trim().replaceAll("\\|", "|")));
}
