/** Answers a row with pictures, with the pictures for display. */
import type { Value } from "../contract/contract";
import type { DecodedPicture } from "../stages";
import type { PictureReply, ShownPicture } from "./protocol";
import type { Model } from "./session";

export async function answerPicture(
  model: Model,
  row: readonly Value[],
  side: number,
): Promise<PictureReply> {
  const started = performance.now();
  const shown = new Map<number, ShownPicture>();
  const prepared = await model.prepare(row, (field, picture) => shown.set(field, forDisplay(picture, side)));
  if (prepared.problems.length > 0) return { problems: prepared.problems, shown };
  const answers = await model.predict([prepared.row]);
  return {
    answers,
    cautions: model.cautions(prepared.row),
    shown,
    milliseconds: performance.now() - started,
  };
}

/** Where each of `count` parts of `size` pixels begins, and where the last one ends. */
export function edgesOf(count: number, size: number): Int32Array {
  return Int32Array.from({ length: count + 1 }, (_, i) => Math.floor((i * size) / count));
}

/** A picture with at most `side` pixels on its longer side; each pixel is the mean of those that it replaces. */
export function forDisplay(picture: DecodedPicture, side: number): ShownPicture {
  const { width, height, channels, levels, most } = picture;
  const factor = Math.max(1, Math.max(width, height) / side);
  const [columns, rows] = [Math.max(1, Math.round(width / factor)), Math.max(1, Math.round(height / factor))];
  const image = new ImageData(columns, rows);
  const { data } = image;
  const [xs, ys] = [edgesOf(columns, width), edgesOf(rows, height)];
  const sums = new Float64Array(4);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, to += 4) {
      sums.fill(0);
      const [left, right, top, bottom] = [xs[x]!, xs[x + 1]!, ys[y]!, ys[y + 1]!];
      for (let v = top; v < bottom; v++)
        for (let u = left, at = (v * width + left) * channels; u < right; u++, at += channels)
          for (let channel = 0; channel < channels; channel++) sums[channel]! += levels[at + channel]!;
      const share = 255 / most / ((right - left) * (bottom - top));
      for (let channel = 0; channel < 3; channel++)
        data[to + channel] = sums[channels >= 3 ? channel : 0]! * share;
      data[to + 3] = channels === 4 ? sums[3]! * share : 255;
    }
  }
  return { width, height, image };
}
