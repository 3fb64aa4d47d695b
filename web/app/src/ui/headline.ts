/** What to show first of a model's answer: one meaning, with everything that is needed to read it right. */
import { percent, readable } from "../contract/numbers";
import { kindOf } from "../contract/outputs";
import { className, partsOf, shown, type Contract, type Output, type Scalar } from "../contract/contract";
import type { Answer } from "../engine/protocol";
import { plain } from "./plain";

export interface Bar {
  name: string;
  value: number;
  chosen: boolean;
}

export interface Headline {
  /** What the large line is: the output's title, "Predicted class", "Probability of died". */
  over: string;
  /** The class, number or probability in large letters; empty where several numbers are the answer. */
  text: string;
  units: string;
  /** What completes the large line, of the same class; then the predicted class where that is another. */
  under: string[];
  bars: Bar[];
  /** Every number of a wide output without probabilities, or further outputs. */
  details: { name: string; value: string }[];
  label: Scalar | null;
  probabilities: number[] | null;
}

export function headline(contract: Contract, answers: readonly Answer[]): Headline {
  const find = (isMeant: (output: Output) => boolean): [Output, Answer] | null => {
    const index = contract.outputs.findIndex(isMeant);
    return index < 0 ? null : [contract.outputs[index]!, answers[index]!];
  };
  const used = new Set<string>();
  const result: Headline = {
    over: "Prediction",
    text: "",
    units: "",
    under: [],
    bars: [],
    details: [],
    label: null,
    probabilities: null,
  };
  const label = find((output) => kindOf(output).isClass);
  if (label && label[0].width === null) {
    used.add(label[0].name);
    result.label = label[1].data[0]!;
    result.over = label[0].title || labelMeaning(contract);
    result.text = labelText(contract, label[0], result.label);
  }
  const probability = find((output) => kindOf(output).byClass);
  if (probability) {
    used.add(probability[0].name);
    readProbabilities(contract, probability, label, result);
  }
  if (!result.text && result.bars.length === 0) {
    const name = contract.headline?.output ?? contract.outputs[0]!.name;
    const [output, answer] = find((one) => one.name === name)!;
    result.over = output.title || kindOf(output).heading;
    if (output.width === null || output.width === 1) {
      used.add(name);
      const value = answer.data[0]!;
      result.text = typeof value === "number" ? readable(value) : className(output, value);
      result.units = output.units;
    }
  }
  contract.outputs.forEach((output, index) => {
    if (used.has(output.name)) return;
    const parts = partsOf(output);
    const called = output.title || output.name;
    // The first output's own numbers need no name before each of them.
    const whole = !result.text && result.bars.length === 0 && output.name === firstName(contract);
    answers[index]!.data.forEach((value, i) => {
      const text = typeof value === "number" ? readable(value) : shown(value);
      const name =
        output.width === null ? called : whole ? shown(parts[i]!) : `${called}: ${shown(parts[i]!)}`;
      result.details.push({ name, value: output.units ? `${text} ${output.units}` : text });
    });
  });
  return { ...result, over: plain(result.over), text: plain(result.text), under: result.under.map(plain) };
}

function firstName(contract: Contract): string {
  return contract.headline?.output ?? contract.outputs[0]!.name;
}

/** The probabilities, and one class with its own probability as the headline. */
function readProbabilities(
  contract: Contract,
  [output, answer]: [Output, Answer],
  label: [Output, Answer] | null,
  result: Headline,
): void {
  const values = answer.data as number[];
  const classes = output.classes ?? [];
  const named = { ...output, class_names: output.class_names ?? label?.[0].class_names ?? null };
  result.probabilities = values;
  result.bars = values.map((value, i) => ({
    name: classes[i] === undefined ? shown(partsOf(output)[i] ?? i) : className(named, classes[i]),
    value,
    chosen: classes.length > 0 ? classes[i] === result.label : i === result.label,
  }));
  const predicted = result.bars.find((bar) => bar.chosen);
  const asked = contract.headline?.output === output.name ? contract.headline.class : null;
  const meant = asked === null ? undefined : result.bars[classes.indexOf(asked)];
  if (meant) {
    const predictedText = result.text;
    result.over = output.title || (label?.[0].title ?? "") || "Prediction";
    result.text = percent(meant.value);
    result.under.push(`probability of ${meant.name}`);
    if (predictedText) {
      const share = predicted && predicted !== meant ? ` (${percent(predicted.value)})` : "";
      result.under.push(`Predicted class: ${predictedText}${share}`);
    }
  } else if (predicted) {
    result.under.push(`${percent(predicted.value)} probability of ${predicted.name}`);
  }
  if (predicted && result.bars.some((bar) => bar.value > predicted.value)) {
    result.under.push("The model predicts this class by its own rule, although another is more probable.");
  }
}

function labelMeaning(contract: Contract): string {
  return (
    { classification: "Predicted class", clustering: "Cluster", outliers: "Is it an outlier?" }[
      contract.task
    ] ?? "Prediction"
  );
}

/** An outlier detector answers -1 for an outlier and 1 for any other row. */
function labelText(contract: Contract, output: Output, value: Scalar): string {
  if (contract.task === "outliers" && !output.class_names) return value === -1 ? "outlier" : "not an outlier";
  return className(output, value);
}
