/** The masks of an answer: their colours, where they are over the picture, and small pictures with them. */
import type { Contract } from "../../contract/contract";
import { kindOf } from "../../contract/outputs";
import type { Segmentation } from "../../contract/outputs/kind";
import { maskPixels } from "../../contract/outputs/maskCells";
import type { Answer } from "../../engine/protocol";
import { plain } from "../plain";
import { pictureFields } from "./fields";
import { COLOURS } from "./objects";

/** A mask with the titles of its classes. */
export interface Layer extends Segmentation {
  /** The name of the output. */
  name: string;
}

export type Rgb = readonly [number, number, number];

/** The masks of all outputs that have one; none if it is unclear to which picture they belong. */
export function layersOf(contract: Contract, answers: readonly Answer[]): Layer[] {
  if (pictureFields(contract).length !== 1) return [];
  const masks = contract.outputs.flatMap((output, i) => {
    const one = kindOf(output).segmentation(output, answers[i]!.data);
    return one ? [{ ...one, name: output.title || output.name }] : [];
  });
  const name = (title: string, text: string) => plain(masks.length > 1 ? `${title}: ${text}` : text);
  return masks.map((layer) => ({ ...layer, classes: layer.classes.map((text) => name(layer.name, text)) }));
}

/** The colour of a class, the same in every picture, and in files that `sealift predict` writes. */
export function colourOf(place: number): Rgb {
  if (place < COLOURS.length) {
    const value = Number.parseInt(COLOURS[place]!.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }
  const [hue, light] = [(place * 0.618) % 1, 0.45 + 0.2 * (place % 2)];
  const span = 0.8 * Math.min(light, 1 - light);
  const level = (at: number) => {
    const k = (at + hue * 12) % 12;
    return Math.round(255 * (light - span * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [level(0), level(8), level(4)];
}

/** Classes that are not shown at first: what is none of the things that are looked for. */
export function isBackground(name: string): boolean {
  return /^_*(background|backdrop|unlabell?ed|void|none|other)_*$/i.test(name.split(": ").at(-1)!);
}

/** One pixel for each cell of the grid; cells of hidden classes are transparent. */
export function maskImage({ mask, classes }: Segmentation, hidden: ReadonlySet<string>): ImageData {
  const image = new ImageData(mask.columns, mask.rows);
  const words = new Uint32Array(image.data.buffer);
  const colours = wordsOf(classes, hidden);
  mask.cells.forEach((place, i) => {
    if (place >= 0) words[i] = colours[place]!;
  });
  return image;
}

/** The rectangle of the picture that the grid covers: left, top, width, height in pixels. */
export function placeOf({ mask }: Segmentation): [number, number, number, number] {
  const [[scaleY, scaleX], [y, x]] = [mask.scale, mask.offset];
  return [-x / scaleX, -y / scaleY, mask.columns / scaleX, mask.rows / scaleY];
}

/** A small picture with its masks; `share` is their opacity. */
export function withMasks(image: ImageData, layers: readonly Segmentation[], share = 0.5): ImageData {
  const made = new ImageData(new Uint8ClampedArray(image.data), image.width, image.height);
  for (const { mask, classes } of layers) {
    // The mask of a picture of this size.
    const [height, width] = [image.height, image.width];
    const scale = [(mask.scale[0] * mask.height) / height, (mask.scale[1] * mask.width) / width] as const;
    const pixels = maskPixels({ ...mask, height, width, scale });
    const colours = classes.map((name, place) => (isBackground(name) ? null : colourOf(place)));
    pixels.forEach((place, i) => {
      const colour = place >= 0 ? colours[place] : null;
      if (!colour) return;
      for (let c = 0; c < 3; c++)
        made.data[4 * i + c] = made.data[4 * i + c]! * (1 - share) + colour[c]! * share;
    });
  }
  return made;
}

/** Colours as the words of an ImageData; 0 for hidden classes. */
function wordsOf(classes: readonly string[], hidden: ReadonlySet<string>): number[] {
  const bytes = new Uint8Array(4);
  const word = new Uint32Array(bytes.buffer);
  return classes.map((name, place) => {
    bytes.set(hidden.has(name) ? [0, 0, 0, 0] : [...colourOf(place), 255]);
    return word[0]!;
  });
}
