/** Resize images with the exact arithmetic of a named library (spec/IMAGE.md). */
import { resizedAsOpencv } from "./opencv";
import { resizedByArea } from "./opencvArea";
import { resizedAsPillow } from "./pillow";
import { checkResize, type Pixels, type ResizeRule } from "./rule";

export type { Pixels, ResizeRule } from "./rule";

/**
 * The image with the given size, with the levels that the library of `rule` computes. Of 2 or 4 channels the last is
 * alpha for Pillow; OpenCV does not treat it differently. Throws a RangeError for images and rules that are not defined.
 */
export function resized(pixels: Pixels, width: number, height: number, rule: ResizeRule): Pixels {
  checkResize(pixels, width, height, rule);
  if (rule.library === "pillow") return resizedAsPillow(pixels, width, height, rule);
  if (rule.filter === "area") return resizedByArea(pixels, width, height);
  return resizedAsOpencv(pixels, width, height, rule.filter);
}
