/** `labels`: the set of labels of a row. */
import { className, type Output, type Scalar } from "../contract";
import { Kind } from "./kind";

export class Labels extends Kind {
  override readonly capability: string = "output:labels/1";
  override readonly dtypes = ["bool"] as const;
  override readonly hasSettings = true;

  override problem(output: Output): string | null {
    if (output.width === null || output.classes?.length !== output.width)
      return "an output of the kind labels must have a class for each of its columns";
    const given: unknown = output.settings?.thresholds;
    if (Object.keys(output.settings ?? {}).join() !== "thresholds" || !Array.isArray(given))
      return "the settings of an output of the kind labels must be thresholds";
    const fits = given.every((value) => typeof value === "number" && value >= 0 && value <= 1);
    return given.length === output.width && fits
      ? null
      : "the thresholds must be a number from 0 to 1 for each class";
  }

  override heading(): string {
    return "Labels";
  }

  override get isOne(): boolean {
    return true;
  }

  /** The names of the labels that a row has. */
  override summary(output: Output, values: readonly Scalar[]): string {
    const given = (output.classes ?? []).filter((_, i) => values[i] === true);
    return given.map((value) => className(output, value)).join(", ") || "none";
  }
}
