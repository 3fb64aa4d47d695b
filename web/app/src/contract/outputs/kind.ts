/** A kind of output: what its answers look like in files and on the page. The defaults describe columns of numbers. */
import { columnNames, shown, type Output, type Scalar } from "../types";

export class Kind {
  /** The dtypes that its outputs may have. */
  readonly dtypes: readonly string[] = ["float64"];
  /** Whether an answer is the predicted class itself. */
  readonly isClass: boolean = false;
  /** Whether an answer is the value that is predicted, in its own units. */
  readonly isValue: boolean = false;
  /** Whether there is one number for each class. */
  readonly byClass: boolean = false;
  /** What an answer is called where the output has no title. */
  readonly heading: string = "Prediction";

  /** The names of its columns in a table of answers. */
  header(output: Output): string[] {
    return columnNames(output);
  }

  /** The cells under them, of one row's values. */
  cells(_output: Output, values: readonly Scalar[]): string[] {
    return values.map(shown);
  }
}
