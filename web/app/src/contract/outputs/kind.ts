/** A kind of output: how its answers are written in files and shown on the page. The defaults describe columns of numbers. */
import { columnNames, shown, type Output, type Scalar, type Task } from "../contract";
import { readable } from "../numbers";

export class Kind {
  /** The capability that a reader must have; empty for the kinds that every reader of format 1 has. */
  readonly capability: string = "";
  /** The types of elements that its outputs may have. */
  readonly dtypes: readonly Output["element"]["name"][] = ["float64"];
  /** Whether an answer is a class. */
  readonly isClass: boolean = false;
  /** Whether an answer is a predicted quantity, with units. */
  readonly isValue: boolean = false;
  /** Whether a wide output has one column for each class. */
  readonly byClass: boolean = false;

  /** The names of its columns in a table of answers. */
  header(output: Output): string[] {
    return columnNames(output);
  }

  /** The heading of an answer where the output has no title. */
  heading(_task: Task): string {
    return "Prediction";
  }

  /** One value of an answer, as it is shown on the page. */
  text(_output: Output, value: Scalar, _task: Task): string {
    return typeof value === "number" ? readable(value) : shown(value);
  }

  /** The cells of these columns for the values of one row. */
  cells(_output: Output, values: readonly Scalar[]): string[] {
    return values.map(shown);
  }
}
