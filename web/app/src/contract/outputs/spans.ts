/** `spans`: parts of a text, each with a label, a score, and its place in characters. */
import { className, type Output, type Scalar } from "../contract";
import { Kind } from "./kind";
import { PLACES, spansOf, STRATEGIES, type Span, type Strategy } from "./tokenSpans";

export class Spans extends Kind {
  override readonly capability: string = "output:spans/1";
  override readonly dtypes = ["float64"] as const;
  override readonly hasAxes = true;
  override readonly hasSettings = true;

  override problem(output: Output): string | null {
    if (!output.classes?.length) return "an output of the kind spans must have classes";
    const shape = output.shape ?? [];
    if (shape.length !== 2 || shape[1] !== PLACES + output.classes.length || typeof shape[0] !== "number")
      return `the shape of an output of the kind spans must be a number and ${PLACES} more than its classes`;
    const { aggregation, ignored, ...others }: Record<string, unknown> = { ...output.settings };
    if (
      ignored === undefined ||
      Object.keys(others).length > 0 ||
      !STRATEGIES.includes(aggregation as Strategy)
    )
      return `the settings of an output of the kind spans must be aggregation (${STRATEGIES.join(", ")}) and ignored`;
    return Array.isArray(ignored) && ignored.every((label) => typeof label === "string")
      ? null
      : "ignored must be a list of strings";
  }

  override heading(): string {
    return "Labelled parts of the text";
  }

  override plain(output: Output, values: readonly Scalar[]): Span[] {
    const names = output.classes!.map((value) => className(output, value));
    const { aggregation, ignored } = output.settings!;
    return spansOf(values as readonly number[], names, aggregation!, ignored!);
  }

  override spans(output: Output, values: readonly Scalar[]): Span[] {
    return this.plain(output, values);
  }

  /** How many spans of each label there are. */
  override summary(output: Output, values: readonly Scalar[]): string {
    const counts = new Map<string, number>();
    for (const { label } of this.plain(output, values)) counts.set(label, (counts.get(label) ?? 0) + 1);
    return [...counts].map(([label, count]) => `${count}\u00a0×\u00a0${label}`).join(", ") || "none";
  }

  /** Places must be equal, and probabilities within the tolerance. */
  override agree(
    output: Output,
    got: readonly Scalar[],
    expected: readonly unknown[],
    margin: number,
  ): { same: boolean; worst: number } {
    const width = PLACES + output.classes!.length;
    let worst = 0;
    (expected as readonly number[]).forEach((value, i) => {
      const apart = Math.abs((got[i] as number) - value);
      const isPlace = i % width < PLACES;
      worst = Math.max(
        worst,
        isPlace ? (apart === 0 ? 0 : Infinity) : Number.isNaN(apart) ? Infinity : apart,
      );
    });
    return { same: got.length === expected.length && worst <= margin, worst };
  }
}
