/** The colours of the overlay that shows which parts of a picture an answer depends on. */
import type { Occlusion, ShownPicture } from "../../engine/protocol";
import { percent, readable } from "../../contract/numbers";

/** Parts whose covering lowers the number are orange; those whose covering raises it are blue. */
const [LOWERS, RAISES] = [
  [255, 106, 0],
  [30, 120, 255],
] as const;

/** A change of a probability that has the full colour, unless one is larger. */
const FAINT = 0.1;

/** One pixel for each part; stronger effects are less transparent. */
export function heatImage({ rows, columns, drops, isProbability }: Occlusion): ImageData {
  const image = new ImageData(columns, rows);
  // A probability that hardly changes must not look as if a part decided it.
  const most = Math.max(...drops.map(Math.abs), isProbability ? FAINT : Number.MIN_VALUE);
  drops.forEach((drop, i) => {
    image.data.set(drop >= 0 ? LOWERS : RAISES, 4 * i);
    image.data[4 * i + 3] = 255 * Math.min(1, Math.abs(drop) / most);
  });
  return image;
}

/** What the overlay shows, as sentences. */
export function heatText({ name, isProbability, whole, drops }: Occlusion): string {
  const most = Math.max(...drops);
  const shown = (value: number) => (isProbability ? percent(value) : readable(value));
  const what = isProbability ? `the probability of ${name}` : name;
  if (isProbability && most < 0.01)
    return `No single part matters: covering any of them changes ${what} (${shown(whole)}) by less than one percentage point.`;
  return `Covering the strongest orange part lowers ${what} from ${shown(whole)} to ${shown(whole - most)}.`;
}

/** Whether the model sees only a part of the picture. */
export function isCropped({ area: [left, top, width, height] }: Occlusion, picture: ShownPicture): boolean {
  return left >= 1 || top >= 1 || left + width <= picture.width - 1 || top + height <= picture.height - 1;
}
