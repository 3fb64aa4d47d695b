/** `probability`: the probability of each class. */
import { Kind } from "./kind";

export class Probability extends Kind {
  override readonly byClass = true;
}
