/** `probability`: how probable each class is. */
import { Kind } from "./kind";

export class Probability extends Kind {
  override readonly byClass = true;
}
