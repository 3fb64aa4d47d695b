/** Measures the height of the printed document: the print styles are applied during the measurement, without painting. */

/** Narrower than usual paper between its margins, in CSS pixels, so that the height is never too small. */
const PAPER = "680px";

export function printedHeight(): number {
  const rules = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule): rule is CSSMediaRule => rule instanceof CSSMediaRule && rule.media.mediaText === "print");
  const root = document.documentElement;
  const scrolled = root.scrollTop;
  for (const rule of rules) rule.media.mediaText = "all";
  root.style.width = PAPER;
  const height = root.scrollHeight;
  root.style.width = "";
  for (const rule of rules) rule.media.mediaText = "print";
  root.scrollTop = scrolled;
  return height;
}
