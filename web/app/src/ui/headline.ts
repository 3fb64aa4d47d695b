/** What the page shows of a model's answer: a main result, and what completes it. */
import { percent } from "../contract/numbers";
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
  /** The heading of the main result: the output's title, or a heading such as "Predicted class". */
  over: string;
  /** The main result: a class, a number or a probability; empty where the answer is several numbers. */
  text: string;
  units: string;
  /** The lines below the main result: first about the same class, then the predicted class where it is another. */
  under: string[];
  /** The probability of each class. */
  bars: Bar[];
  /** The values of further outputs, and of a wide output without probabilities. */
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
    result.over = label[0].title || kindOf(label[0]).heading(contract.task);
    result.text = kindOf(label[0]).text(label[0], result.label, contract.task);
  }
  const first = contract.outputs[0]!;
  const isSet = !result.text && kindOf(first).isOne && !kindOf(first).hasAxes;
  if (isSet) {
    used.add(first.name);
    result.over = first.title || kindOf(first).heading(contract.task);
    result.text = kindOf(first).summary(first, answers[0]!.data, []);
  }
  const probability = find((output) => kindOf(output).byClass);
  if (probability) {
    used.add(probability[0].name);
    readProbabilities(contract, probability, label, result);
    if (isSet) result.bars.forEach((bar, i) => (bar.chosen ||= answers[0]!.data[i] === true));
  }
  if (!result.text && result.bars.length === 0) {
    const name = contract.headline?.output ?? contract.outputs[0]!.name;
    const [output, answer] = find((one) => one.name === name)!;
    result.over = output.title || kindOf(output).heading(contract.task);
    if (kindOf(output).isOne) {
      used.add(name);
      result.text = kindOf(output).summary(output, answer.data, answer.sizes ?? []);
    } else if (output.width === null || output.width === 1) {
      used.add(name);
      result.text = kindOf(output).text(output, answer.data[0]!, contract.task);
      result.units = output.units;
    }
  }
  contract.outputs.forEach((output, index) => {
    if (used.has(output.name)) return;
    const parts = partsOf(output);
    const title = output.title || output.name;
    // The numbers of the main output are shown without the output's name.
    const whole = !result.text && result.bars.length === 0 && output.name === firstName(contract);
    const kind = kindOf(output);
    if (kind.isOne) {
      const { data, sizes } = answers[index]!;
      result.details.push({ name: title, value: kind.summary(output, data, sizes ?? []) });
      return;
    }
    answers[index]!.data.forEach((value, i) => {
      const text = kindOf(output).text(output, value, contract.task);
      const name = output.width === null ? title : whole ? shown(parts[i]!) : `${title}: ${shown(parts[i]!)}`;
      result.details.push({ name, value: output.units ? `${text} ${output.units}` : text });
    });
  });
  return { ...result, over: plain(result.over), text: plain(result.text), under: result.under.map(plain) };
}

function firstName(contract: Contract): string {
  return contract.headline?.output ?? contract.outputs[0]!.name;
}

/** Sets the bars, and one class with its own probability as the main result. */
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
  const requestedClass = contract.headline?.output === output.name ? contract.headline.class : null;
  const requested = requestedClass === null ? undefined : result.bars[classes.indexOf(requestedClass)];
  if (requested) {
    const predictedText = result.text;
    result.over = output.title || (label?.[0].title ?? "") || "Prediction";
    result.text = percent(requested.value);
    result.under.push(`probability of ${requested.name}`);
    if (predictedText) {
      const share = predicted && predicted !== requested ? ` (${percent(predicted.value)})` : "";
      result.under.push(`Predicted class: ${predictedText}${share}`);
    }
  } else if (predicted) {
    result.under.push(`${percent(predicted.value)} probability of ${predicted.name}`);
  }
  if (predicted && result.bars.some((bar) => bar.value > predicted.value)) {
    result.under.push("The model predicts this class by its own rule, although another is more probable.");
  }
}
