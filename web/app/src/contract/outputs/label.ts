/** `label`: the predicted class, the cluster, or the mark of an outlier. */
import { className, type Output, type Scalar } from "../contract";
import { Kind } from "./kind";

export class Label extends Kind {
  override readonly dtypes = ["float64", "int64", "bool", "string"] as const;
  override readonly isClass = true;

  /** The label, and behind it the name of its class where classes have names. */
  override header(output: Output): string[] {
    return isNamed(output) ? [...super.header(output), `${output.name}_name`] : super.header(output);
  }

  override cells(output: Output, values: readonly Scalar[]): string[] {
    const cells = super.cells(output, values);
    return isNamed(output) ? [...cells, className(output, values[0]!)] : cells;
  }
}

function isNamed(output: Output): boolean {
  return output.class_names !== null && output.width === null;
}
