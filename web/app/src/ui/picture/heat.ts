/** The colours of the overlay that shows which parts of a picture an answer depends on. */
import type { HeatMap, ShownPicture } from "../../engine/protocol";
import { percent, readable } from "../../contract/numbers";

/** Parts whose covering lowers the number are orange; those whose covering raises it are blue. */
const [LOWERS, RAISES] = [
  [255, 106, 0],
  [30, 120, 255],
] as const;

/** A change of a probability that has the full colour, unless one is larger. */
const FAINT = 0.1;

/** One pixel for each part; stronger effects are less transparent. */
export function heatImage({ rows, columns, drops, isProbability }: HeatMap): ImageData {
  const image = new ImageData(columns, rows);
  // A probability that hardly changes must not look as if a part decided it.
  const most = Math.max(...drops.map(Math.abs), isProbability ? FAINT : Number.MIN_VALUE);
  drops.forEach((drop, i) => {
    image.data.set(drop >= 0 ? LOWERS : RAISES, 4 * i);
    image.data[4 * i + 3] = 255 * Math.min(1, Math.abs(drop) / most);
  });
  return image;
}

/** What the colours mean, and what the overlay does not show. */
export const LIMITS: Readonly<Record<HeatMap["method"], string>> = {
  covering:
    "Orange: covering this part lowers the number; blue: it raises it. This shows what the model reacts to, not what is right. Parts that matter only together, and the edges of marked areas, are not shown reliably.",
  activation:
    "Orange: this part speaks for the class; blue: against it. The parts are those of the model’s last feature map, each of which also depends on the picture around it. This shows what the model reacts to, not what is right.",
};

/** What the overlay shows, as sentences. */
export function heatText({ method, name, isProbability, whole, drops, rows, columns }: HeatMap): string {
  if (method === "activation")
    return `Class-activation map of ${name} (${percent(whole)}), ${columns} × ${rows} parts: up to a constant, their mean is the score from which the model computes the probability.`;
  const most = Math.max(...drops);
  const shown = (value: number) => (isProbability ? percent(value) : readable(value));
  const what = isProbability ? `the probability of ${name}` : name;
  if (isProbability && most < 0.01)
    return `No single part matters: covering any of them changes ${what} (${shown(whole)}) by less than one percentage point.`;
  return `Covering the strongest orange part lowers ${what} from ${shown(whole)} to ${shown(whole - most)}.`;
}

/** Whether the model sees only a part of the picture. */
export function isCropped({ area: [left, top, width, height] }: HeatMap, picture: ShownPicture): boolean {
  return left >= 1 || top >= 1 || left + width <= picture.width - 1 || top + height <= picture.height - 1;
}
