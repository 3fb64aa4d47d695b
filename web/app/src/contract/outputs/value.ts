/** `value`: the prediction of a regressor. */
import { Kind } from "./kind";

export class Value extends Kind {
  override readonly isValue = true;

  override heading(): string {
    return "Predicted value";
  }
}
