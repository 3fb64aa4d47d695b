/** Windows for the display of a DICOM file: those of the file, and usual ones of computed tomography. */
import { TAG, textOf, type Dicom } from "./elements";

export interface NamedWindow {
  name: string;
  centre: number;
  width: number;
}

/** In Hounsfield units. */
const CT: readonly NamedWindow[] = [
  { name: "Lung", centre: -600, width: 1500 },
  { name: "Bone", centre: 400, width: 1800 },
  { name: "Soft tissue", centre: 40, width: 400 },
  { name: "Brain", centre: 40, width: 80 },
];
const EXPLANATION = 0x00281055;
const MODALITY = 0x00080060;

/** The windows by name; `values` are those of the frame after the rescale slope and intercept. */
export function namedWindows(elements: Dicom["values"], values: Float64Array): NamedWindow[] {
  const listed = (tag: number) =>
    textOf(elements.get(tag))
      .split("\\")
      .map((text) => text.trim());
  const [centres, widths, names] = [listed(TAG.centre), listed(TAG.width), listed(EXPLANATION)];
  const own = centres.flatMap((centre, i): NamedWindow[] => {
    const window = { centre: Number(centre), width: Number(widths[i] ?? "") };
    const name = names[i] || (centres.length > 1 ? `Window ${i + 1} of the file` : "Window of the file");
    const isValid = centre !== "" && Number.isFinite(window.centre) && window.width >= 1;
    return isValid ? [{ name, ...window }] : [];
  });
  const usual = listed(MODALITY)[0] === "CT" ? CT : [];
  return [...own, ...usual, { name: "All values", ...wholeRange(values) }];
}

/** The window from the smallest to the largest value. */
export function wholeRange(values: Float64Array): { centre: number; width: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return { centre: (low + high + 1) / 2, width: high - low + 1 };
}
