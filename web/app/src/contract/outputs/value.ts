/** `value`: the answer of a regression. */
import { Kind } from "./kind";

export class Value extends Kind {
  override readonly isValue = true;
  override readonly heading = "Predicted value";
}
