/** `array`: numbers with several axes, as the model returns them. */
import { Kind } from "./kind";

export class ArrayKind extends Kind {
  override readonly capability: string = "output:array/1";
  override readonly dtypes = ["float64", "int64", "bool"] as const;
  override readonly hasAxes = true;
}
