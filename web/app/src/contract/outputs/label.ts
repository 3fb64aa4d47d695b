/** `label`: the predicted class, the cluster, or whether a row is an outlier. */
import { className, type Output, type Scalar, type Task } from "../contract";
import { Kind } from "./kind";

const HEADINGS: Partial<Record<Task, string>> = {
  classification: "Predicted class",
  clustering: "Cluster",
  outliers: "Is it an outlier?",
};

export class Label extends Kind {
  override readonly dtypes = ["float64", "int64", "bool", "string"] as const;
  override readonly isClass = true;

  override heading(task: Task): string {
    return HEADINGS[task] ?? super.heading(task);
  }

  /** The name of the class. An outlier detector gives -1 for an outlier and 1 for any other row. */
  override text(output: Output, value: Scalar, task: Task): string {
    if (task === "outliers" && !output.class_names) return value === -1 ? "outlier" : "not an outlier";
    return className(output, value);
  }

  /** The label, followed by the name of its class where classes have names. */
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
