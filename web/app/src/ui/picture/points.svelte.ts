/** Whether the points of a picture are shown, and which one is highlighted. */
import type { FoundPoint } from "../../contract/outputs/kind";
import { colourOf } from "./masks";

export class Points {
  all = $state.raw<readonly FoundPoint[]>([]);
  visible = $state(true);
  /** Whether the names are shown beside the points. */
  named = $state(true);
  /** The point under the pointer in the table. */
  hovered = $state<number | null>(null);

  take(points: readonly FoundPoint[] | null): void {
    this.all = points ?? [];
    this.hovered = null;
  }

  colour(place: number): string {
    return `rgb(${colourOf(place).join(" ")})`;
  }
}
