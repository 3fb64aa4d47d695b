/** A kind of output: what its answers look like in files and on the page. The defaults describe columns of numbers. */
import { columnNames, shown, type Output, type Scalar } from "../contract";

export class Kind {
  /** What a contract with such an output requires of its reader; empty for what every reader of format 1 has. */
  readonly capability: string = "";
  /** The types of elements that its outputs may have. */
  readonly dtypes: readonly Output["element"]["name"][] = ["float64"];
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
