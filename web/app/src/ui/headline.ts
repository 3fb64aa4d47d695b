/** What to show first of a model's answer. */
import { readable } from "../contract/numbers";
import { className, columnNames, shown, type Contract, type Output, type Scalar } from "../contract/types";
import type { Answer } from "../engine/protocol";

export interface Bar {
  name: string;
  value: number;
  chosen: boolean;
}

export interface Headline {
  /** The class or value in large letters. */
  text: string;
  units: string;
  /** The probability that stands beside it, and of which class where that is not the predicted one by rule. */
  probability: { value: number; of: string } | null;
  bars: Bar[];
  /** Every number of a wide output without probabilities, or further outputs. */
  details: { name: string; value: string }[];
  label: Scalar | null;
  probabilities: number[] | null;
}

export function headline(contract: Contract, answers: readonly Answer[]): Headline {
  const find = (name: string): [Output, Answer] | null => {
    const index = contract.outputs.findIndex((output) => output.name === name);
    return index < 0 ? null : [contract.outputs[index]!, answers[index]!];
  };
  const label = find("label");
  const probability = find("probability");
  const used = new Set<string>();
  const result: Headline = {
    text: "",
    units: "",
    probability: null,
    bars: [],
    details: [],
    label: null,
    probabilities: null,
  };
  if (label && label[0].width === null) {
    used.add("label");
    result.label = label[1].data[0]!;
    result.text = className(label[0], result.label);
  }
  if (probability) {
    used.add("probability");
    const [output, answer] = probability;
    const values = answer.data as number[];
    result.probabilities = values;
    const classes = output.classes ?? [];
    const named = { ...output, class_names: output.class_names ?? label?.[0].class_names ?? null };
    result.bars = values.map((value, i) => ({
      name: classes[i] === undefined ? String(i) : className(named, classes[i]),
      value,
      chosen: classes[i] === result.label,
    }));
    // The publisher may have said which class people ask about; else it is the predicted one.
    const asked = contract.headline?.output === "probability" ? contract.headline.class : null;
    const meant =
      asked === null ? result.bars.find((bar) => bar.chosen) : result.bars[classes.indexOf(asked)];
    if (meant) result.probability = { value: meant.value, of: asked === null ? "" : meant.name };
  }
  if (!result.text) {
    const name = contract.headline?.output ?? contract.outputs[0]!.name;
    const found = find(name)!;
    if (found[0].width === null) {
      used.add(name);
      const value = found[1].data[0]!;
      result.text = typeof value === "number" ? readable(value) : className(found[0], value);
      result.units = found[0].units;
    } else {
      result.text = found[0].width === 1 ? readable(found[1].data[0] as number) : `${found[0].width} values`;
    }
  }
  contract.outputs.forEach((output, index) => {
    if (used.has(output.name)) return;
    const names = columnNames(output);
    answers[index]!.data.forEach((value, i) => {
      const text = typeof value === "number" ? readable(value) : shown(value);
      result.details.push({ name: names[i]!, value: output.units ? `${text} ${output.units}` : text });
    });
  });
  return result;
}
