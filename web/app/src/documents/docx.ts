/** The text of a Word document (DOCX, ECMA-376 part 1; spec/DOCUMENTS.md §3). Macros and links are not looked at. */
import { Archive } from "./archive";
import { unknown } from "./refusal";
import { parseXml, type XmlElement } from "./xml";

/** What a run has in place of a text. */
const MARKS: Readonly<Record<string, string>> = {
  tab: "\t",
  ptab: "\t",
  br: "\n",
  cr: "\n",
  noBreakHyphen: "\u2011",
  softHyphen: "\u00ad",
};
/** Deleted and moved text, the alternative of a drawing for old programs, and properties. */
const SKIPPED: ReadonlySet<string> = new Set([
  "del",
  "moveFrom",
  "Fallback",
  "pPr",
  "rPr",
  "tblPr",
  "tblGrid",
  "trPr",
  "tcPr",
  "sdtPr",
  "sectPr",
]);

/** The text of a DOCX file. Throws a DocumentRefusal. */
export function docxText(data: Uint8Array): string {
  const archive = new Archive(data);
  const main = mainPart(archive);
  const folder = main.slice(0, main.lastIndexOf("/") + 1);
  const numbered = (kind: string) => {
    const form = new RegExp(`^${kind}([0-9]*)\\.xml$`);
    return archive.names
      .flatMap((name) => {
        const matched = name.startsWith(folder) ? form.exec(name.slice(folder.length)) : null;
        return matched ? [{ name, number: Number(matched[1]) }] : [];
      })
      .sort((a, b) => a.number - b.number)
      .map(({ name }) => name);
  };
  const read = (names: string[]) => names.map((name) => linesOf(parseXml(archive.part(name))));
  const parts = [
    ...distinct(read(numbered("header"))),
    ...read([main, ...numbered("footnotes"), ...numbered("endnotes")]),
    ...distinct(read(numbered("footer"))),
  ];
  return parts
    .map((lines) => lines.join("\n").replace(/^\n+|\n+$/g, ""))
    .filter(Boolean)
    .join("\n");
}

/** The part with the text, by the relationships of the package. */
function mainPart(archive: Archive): string {
  const none = () => unknown("is a ZIP archive, but not a Word document");
  if (!archive.has("_rels/.rels")) throw none();
  for (const child of parseXml(archive.part("_rels/.rels")).children) {
    if (typeof child === "string") continue;
    const target = (child.attributes.get("Target") ?? "").replace(/^\//, "");
    const isMain = (child.attributes.get("Type") ?? "").endsWith("/officeDocument");
    if (isMain && /^word\/[^/]+\.xml$/.test(target) && archive.has(target)) return target;
  }
  throw none();
}

/** The same header may be stored for the first, the even and the odd pages. */
function distinct(parts: string[][]): string[][] {
  const seen = new Set<string>();
  return parts.filter((lines) => {
    const text = lines.join("\n");
    return !seen.has(text) && seen.add(text);
  });
}

/** The lines of paragraphs and of rows of tables, at any depth. */
function linesOf(element: XmlElement): string[] {
  const lines: string[] = [];
  for (const child of element.children) {
    if (typeof child === "string" || SKIPPED.has(child.name)) continue;
    if (child.name === "p") lines.push(...paragraph(child));
    else if (child.name === "tr") lines.push(cellsOf(child).join("\t"));
    else lines.push(...linesOf(child));
  }
  return lines;
}

function cellsOf(element: XmlElement): string[] {
  const cells: string[] = [];
  for (const child of element.children) {
    if (typeof child === "string" || SKIPPED.has(child.name)) continue;
    if (child.name === "tc")
      cells.push(
        linesOf(child)
          .join(" ")
          .replace(/[\t\n]/g, " ")
          .trim(),
      );
    else cells.push(...cellsOf(child));
  }
  return cells;
}

/** The lines of a paragraph, and after it those of the text boxes in it. */
function paragraph(element: XmlElement): string[] {
  const boxes: string[] = [];
  const text = inline(element, boxes);
  return [...text.split("\n"), ...boxes];
}

function inline(element: XmlElement, boxes: string[]): string {
  let text = "";
  for (const child of element.children) {
    if (typeof child === "string" || SKIPPED.has(child.name)) continue;
    if (child.name === "t") text += child.children.join("").replace(/[\t\n\r]/g, " ");
    else if (child.name === "txbxContent") boxes.push(...linesOf(child));
    else if (Object.hasOwn(MARKS, child.name)) text += MARKS[child.name];
    else if (child.name !== "r" || !isHidden(child)) text += inline(child, boxes);
  }
  return text;
}

/** Whether a run has the property "hidden". */
function isHidden(run: XmlElement): boolean {
  for (const child of run.children) {
    if (typeof child === "string" || child.name !== "rPr") continue;
    for (const property of child.children)
      if (typeof property !== "string" && property.name === "vanish")
        return !["0", "false", "off"].includes(property.attributes.get("val") ?? "");
  }
  return false;
}
