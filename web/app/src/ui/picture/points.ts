/** The points of an answer that are drawn over the picture. */
import type { Contract } from "../../contract/contract";
import { kindOf } from "../../contract/outputs";
import type { FoundPoint } from "../../contract/outputs/kind";
import type { Answer, ShownPicture } from "../../engine/protocol";
import { plain } from "../plain";
import { pictureFields } from "./fields";
import { colourOf } from "./masks";

/** The points of all outputs that have some; null if there is no such output, or the picture is unclear. */
export function pointsOf(contract: Contract, answers: readonly Answer[]): FoundPoint[] | null {
  if (pictureFields(contract).length !== 1) return null;
  const parts = contract.outputs.flatMap((output, i) => {
    const points = kindOf(output).points(output, answers[i]!.data);
    return points ? [{ points, title: output.title || output.name }] : [];
  });
  if (parts.length === 0) return null;
  return parts.flatMap(({ points, title }) =>
    points
      .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
      .map((one) => ({ ...one, point: plain(parts.length > 1 ? `${title}: ${one.point}` : one.point) })),
  );
}

/** A small picture with the points as squares of three pixels. */
export function withPoints(image: ImageData, shown: ShownPicture, points: readonly FoundPoint[]): ImageData {
  points.forEach(({ x, y }, place) => {
    const [cx, cy] = [
      Math.floor((x * image.width) / shown.width),
      Math.floor((y * image.height) / shown.height),
    ];
    for (let dy = -2; dy <= 2; dy++)
      for (let dx = -2; dx <= 2; dx++) {
        const [px, py] = [cx + dx, cy + dy];
        if (px < 0 || py < 0 || px >= image.width || py >= image.height) continue;
        const isEdge = Math.max(Math.abs(dx), Math.abs(dy)) === 2;
        image.data.set([...(isEdge ? [16, 20, 25] : colourOf(place)), 255], 4 * (py * image.width + px));
      }
  });
  return image;
}
