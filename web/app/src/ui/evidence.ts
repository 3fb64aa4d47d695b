/** What the page shows of evidence.json, whose contents are not checked by the reader. */
import { readable } from "../contract/numbers";
import { kindOf } from "../contract/outputs";
import { className, type Contract, type Scalar } from "../contract/contract";
import { isObject } from "../seal/json";

/** The tolerance that the packer stated, if it is looser than the policy; else null. */
export function statedTolerance(evidence: unknown): { stated: number; policy: number } | null {
  const parity = isObject(evidence) ? evidence["parity"] : null;
  const tolerance = isObject(parity) ? parity["tolerance"] : null;
  if (!isObject(tolerance)) return null;
  const { stated, policy } = tolerance;
  if (typeof stated !== "number" || typeof policy !== "number" || !(stated > policy)) return null;
  return { stated, policy };
}

/** The quality of the model as measured by its packer: a sentence that is shown with every answer. */
export function quality(evidence: unknown, contract: Contract): string {
  const metrics = isObject(evidence) ? evidence["metrics"] : null;
  const rows = isObject(evidence) ? evidence["rows"] : null;
  const number = (name: string) => (isObject(metrics) ? metrics[name] : null);
  if (typeof rows !== "number") return UNKNOWN;
  const [accuracy, error, r2] = [number("accuracy_score"), number("mean_absolute_error"), number("r2_score")];
  const output = contract.outputs.find((one) => kindOf(one).isValue);
  const cases = `${readable(rows)} test case${rows === 1 ? "" : "s"}`;
  if (typeof accuracy === "number" && accuracy >= 0 && accuracy <= 1) {
    return `Right in ${share(accuracy)} of ${cases} of its maker${commonest(evidence, contract)}.`;
  }
  const [overlap, precision] = [number("mean_iou"), number("average_precision")];
  if (typeof overlap === "number" && overlap >= 0 && overlap <= 1)
    return `Its masks overlap the true ones by ${share(overlap)} (mean intersection over union) in ${cases} of its maker.`;
  if (typeof precision === "number" && precision >= 0 && precision <= 1)
    return `Average precision of its boxes ${readable(precision)} (as of COCO) in ${cases} of its maker.`;
  // A mean error over several numbers, which may have different units, has no meaning.
  if (output?.width != null && typeof r2 === "number")
    return `R² is ${readable(r2)} in ${cases} of its maker.`;
  if (typeof error === "number" && error >= 0) {
    const units = output?.units ? ` ${output.units}` : "";
    return `Off by ${readable(Number(error.toPrecision(3)))}${units} on average in ${cases} of its maker.`;
  }
  return UNKNOWN;
}

/** The accuracy of always predicting the most common class, with which an accuracy must be compared. */
function commonest(evidence: unknown, contract: Contract): string {
  const always = isObject(evidence) ? evidence["baseline"] : null;
  const label = contract.outputs.find((one) => kindOf(one).isClass);
  if (!isObject(always) || !label) return "";
  const { class: value, accuracy_score: accuracy } = always;
  if (typeof accuracy !== "number" || !(accuracy >= 0 && accuracy <= 1)) return "";
  if (!label.classes?.includes(value as Scalar)) return "";
  return `; always answering “${className(label, value as Scalar)}” would be right in ${share(accuracy)}`;
}

const UNKNOWN = "How often it is right was not measured when it was sealed.";

/** A share as a whole percentage; with one decimal if it would be rounded to 0 % or 100 %. */
function share(value: number): string {
  const whole = Math.round(value * 100);
  if ((whole === 100 && value < 1) || (whole === 0 && value > 0)) {
    const tenths = (value * 100).toFixed(1);
    return tenths === "100.0"
      ? "more than 99.9\u00a0%"
      : tenths === "0.0"
        ? "less than 0.1\u00a0%"
        : `${tenths}\u00a0%`;
  }
  return `${whole}\u00a0%`;
}
