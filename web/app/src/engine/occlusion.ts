/**
 * Finds out which parts of a picture an answer depends on: each part in turn is covered, and the model answers again
 * (Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", §4.1).
 */
import { partsOf, shown, type Scalar, type Value } from "../contract/contract";
import { kindOf } from "../contract/outputs";
import type { FoundObject } from "../contract/outputs/kind";
import { SealiftError } from "../errors";
import { PreparedImage } from "../stages";
import type { Answer, FileProgress, HeatMap } from "./protocol";
import type { Model } from "./session";

/** The numbers of parts on a side, of which the largest is used that takes less than `MOST_TIME` milliseconds. */
const PARTS = [6, 8, 10, 14];
const MOST_TIME = 20_000;
/** The side of the covered square, in parts. Squares overlap, so that no edge between parts is special. */
const PATCH = 2;

export async function occlude(
  model: Model,
  row: readonly Value[],
  field: number,
  chosen: FoundObject["box"] | null,
  onProgress: (progress: FileProgress) => void,
  signal: AbortSignal,
): Promise<HeatMap> {
  const started = performance.now();
  const prepared = await model.prepare(row);
  const picture = prepared.row[field];
  if (!(picture instanceof PreparedImage))
    throw failed(prepared.problems[0]?.message ?? "There is no picture.", "Choose another picture.");
  const begun = performance.now();
  const answers = await model.predict([prepared.row]);
  const once = performance.now() - begun;
  const measured = measureOf(model, answers, chosen);
  const whole = measured.number(answers);
  const [height, width] = picture.area;
  const parts = Math.min(PARTS.findLast((n) => n * n * once <= MOST_TIME) ?? PARTS[0]!, height, width);
  const [down, across] = [height / parts, width / parts];
  const start = (place: number, step: number) => Math.round((place + (1 - PATCH) / 2) * step);
  const drops: number[] = [];
  for (let y = 0; y < parts; y++) {
    for (let x = 0; x < parts; x++) {
      const size = [Math.round(PATCH * down), Math.round(PATCH * across)] as const;
      const covered = picture.covered(start(y, down), start(x, across), ...size);
      const changed = prepared.row.map((value, i) => (i === field ? covered : value));
      drops.push(whole - measured.number(await model.predict([changed])));
      onProgress({ bytes: drops.length, total: parts * parts, rows: drops.length });
      await new Promise((resolve) => setTimeout(resolve, 0)); // other messages are handled in between
      if (signal.aborted) throw failed("It was cancelled.", "Start it again.");
    }
  }
  const [scaleY, scaleX, offsetY, offsetX] = picture.placement;
  return {
    method: "covering",
    name: measured.name,
    isProbability: measured.isProbability,
    whole,
    rows: parts,
    columns: parts,
    drops,
    area: [-offsetX / scaleX, -offsetY / scaleY, width / scaleX, height / scaleY],
    milliseconds: performance.now() - started,
  };
}

/** The number that is observed: the probability of the predicted class, else that of the first kind that has one. */
function measureOf({ contract }: Model, answers: readonly Answer[], chosen: FoundObject["box"] | null) {
  const index = contract.outputs.findIndex((output) => kindOf(output).byClass);
  if (index >= 0) {
    const output = contract.outputs[index]!;
    const values = answers[index]!.data as number[];
    const label = contract.outputs.findIndex((one) => kindOf(one).isClass && one.width === null);
    const predicted = label < 0 ? -1 : (output.classes?.indexOf(answers[label]!.data[0] as Scalar) ?? -1);
    const place = predicted >= 0 ? predicted : values.indexOf(Math.max(...values));
    return {
      name: shown(partsOf(output)[place] ?? place),
      isProbability: true,
      number: (answers: readonly Answer[]) => Number(answers[index]!.data[place]),
    };
  }
  for (const [i, output] of contract.outputs.entries()) {
    const observed = kindOf(output).observed(output, answers[i]!.data, chosen);
    if (!observed) continue;
    const number = (answers: readonly Answer[]) => observed.number(answers[i]!.data);
    return { name: observed.name, isProbability: false, number };
  }
  throw failed("The answer to this picture has no number that could change.", "Use its answer only.");
}

function failed(what: string, fix: string): SealiftError {
  return new SealiftError("E207", what, "", fix);
}
