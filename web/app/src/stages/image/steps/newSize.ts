/** `to` of a resize: the new size from the old one (spec/IMAGE.md §6.1). */
import { isObject } from "../../../seal/json";
import { integer, keys, Malformed } from "../../read";
import { MOST_SIDE } from "../decode/picture";
import { roundEven } from "../resize/rule";
import { choice, size } from "./base";

const KINDS = ["size", "shortest", "longest", "inside"] as const;
const ROUNDINGS = ["trunc-quotient", "trunc-product", "rint-product", "rint-quotient"] as const;

/** A fixed size, the length of one side, or a size to fit inside, with a rule of rounding for the other side. */
export class NewSize {
  /** The fixed size; null where it depends on the picture. */
  readonly fixed: readonly [number, number] | null = null;
  private readonly kind: (typeof KINDS)[number];
  private readonly sides: readonly number[];
  private readonly rounding: (typeof ROUNDINGS)[number] = "trunc-quotient";
  /** The limit of the longer side; 0 for none. */
  private readonly most: number = 0;

  constructor(raw: unknown) {
    const [kind, ...others] = KINDS.filter((key) => isObject(raw) && Object.hasOwn(raw, key));
    if (!kind || others.length > 0)
      throw new Malformed("to must have one of the keys size, shortest, longest, inside");
    this.kind = kind;
    if (kind === "size") {
      this.sides = this.fixed = size(keys(raw, [kind])[kind]);
      return;
    }
    const options = keys(raw, [kind, "rounding"], kind === "shortest" ? ["most"] : []);
    this.rounding = choice(options["rounding"], "rounding", ROUNDINGS);
    if (kind === "inside") {
      if (this.rounding === "trunc-quotient")
        throw new Malformed("rounding of inside must be another rule than trunc-quotient");
      this.sides = size(options[kind]);
      return;
    }
    const isLimited = Object.hasOwn(options, "most");
    if (isLimited && this.rounding !== "trunc-quotient")
      throw new Malformed("most needs the rounding trunc-quotient");
    this.sides = [integer(options[kind], 1, MOST_SIDE)];
    if (isLimited) this.most = integer(options["most"], 1, MOST_SIDE);
  }

  /** The new height and width. */
  after(height: number, width: number): [number, number] {
    if (this.fixed) return [...this.fixed];
    if (this.kind === "inside") return this.inside(height, width);
    let side = this.sides[0]!;
    const isUpright = height <= width === (this.kind === "shortest");
    const [fixed, other] = isUpright ? [height, width] : [width, height];
    let made = Math.max(this.other(side, fixed, other), 1);
    if (this.most && made > this.most) {
      side = Math.max(Math.trunc((this.most * side) / made), 1);
      made = this.most;
    }
    return isUpright ? [side, made] : [made, side];
  }

  private other(side: number, fixed: number, other: number): number {
    if (this.rounding === "trunc-quotient") return Math.trunc((side * other) / fixed);
    if (this.rounding === "rint-quotient") return roundEven(other / (fixed / side));
    const made = other * (side / fixed);
    return this.rounding === "trunc-product" ? Math.trunc(made) : roundEven(made);
  }

  private inside(height: number, width: number): [number, number] {
    const [high, wide] = [this.sides[0]!, this.sides[1]!];
    let made: [number, number];
    if (this.rounding === "rint-quotient") {
      const divisor = Math.max(height / high, width / wide);
      made = [roundEven(height / divisor), roundEven(width / divisor)];
    } else {
      const factor = Math.min(high / height, wide / width);
      const rounded = this.rounding === "trunc-product" ? Math.trunc : roundEven;
      made = [rounded(height * factor), rounded(width * factor)];
    }
    return [Math.max(made[0], 1), Math.max(made[1], 1)];
  }
}
