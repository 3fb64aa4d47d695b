/** The class-activation map of a picture, for nets whose graph permits it (pattern.ts). */
import type * as Ort from "onnxruntime-web";
import { partsOf, shown, type Contract, type Scalar, type Value } from "../../contract/contract";
import { kindOf } from "../../contract/outputs";
import { PreparedImage } from "../../stages";
import type { HeatMap } from "../protocol";
import type { Model } from "../session";
import { withNodes, type AddedNode } from "./appended";
import { nodesOf, type Nodes } from "./nodes";
import { linearHeads, type LinearHead } from "./pattern";

/** The bytes of a model above which a second session would need too much memory. */
const MOST_BYTES = 128 * 1024 * 1024;
/** Permitted differences of scores and probabilities, relative to the largest one. */
const MARGIN = 1e-3;

interface Ready {
  session: Ort.InferenceSession;
  names: { map: string; scores: string; bias: string | null };
}

export class Activation {
  private sessions: Promise<Ready[]> | null = null;

  private constructor(
    private readonly contract: Contract,
    private readonly graph: Uint8Array,
    private readonly weights: ReadonlyMap<string, Uint8Array>,
    private readonly ort: typeof Ort,
  ) {}

  /** Null for a model without probabilities, or a large one. */
  static of(
    contract: Contract,
    graph: Uint8Array,
    weights: ReadonlyMap<string, Uint8Array>,
    ort: typeof Ort,
  ): Activation | null {
    const size = [...weights.values()].reduce((sum, { length }) => sum + length, graph.length);
    const hasClasses = contract.outputs.some((output) => kindOf(output).byClass);
    return hasClasses && size <= MOST_BYTES ? new Activation(contract, graph, weights, ort) : null;
  }

  /**
   * The map of the predicted class; null where the graph does not have the pattern, or where its scores are not those of
   * the answer.
   */
  async map(model: Model, row: readonly Value[], field: number): Promise<HeatMap | null> {
    const started = performance.now();
    this.sessions ??= this.opened();
    const ready = await this.sessions;
    if (ready.length === 0) return null;
    const prepared = await model.prepare(row);
    const picture = prepared.row[field];
    if (!(picture instanceof PreparedImage)) return null;
    const answers = await model.predict([prepared.row]);
    const index = this.contract.outputs.findIndex((output) => kindOf(output).byClass);
    const probabilities = answers[index]!.data.map(Number);
    const label = this.contract.outputs.findIndex((one) => kindOf(one).isClass && one.width === null);
    const output = this.contract.outputs[index]!;
    const predicted = label < 0 ? -1 : (output.classes?.indexOf(answers[label]!.data[0] as Scalar) ?? -1);
    const place = predicted >= 0 ? predicted : probabilities.indexOf(Math.max(...probabilities));
    const feeds = model.feeds(prepared.row);
    for (const { session, names } of ready) {
      const wanted = [names.map, names.scores, ...(names.bias ? [names.bias] : [])];
      const results = await session.run(feeds, wanted);
      const map = results[names.map]!;
      const [, classes, rows, columns] = map.dims as [number, number, number, number];
      const numbers = Array.from(map.data as ArrayLike<number>, Number);
      const scores = Array.from(results[names.scores]!.data as ArrayLike<number>, Number);
      const bias = names.bias ? Array.from(results[names.bias]!.data as ArrayLike<number>, Number) : [];
      if (!isOf(numbers, scores, bias, probabilities, classes)) continue;
      const [height, width] = picture.area;
      const [scaleY, scaleX, offsetY, offsetX] = picture.placement;
      return {
        method: "activation",
        name: shown(partsOf(output)[place] ?? place),
        isProbability: false,
        whole: probabilities[place]!,
        rows,
        columns,
        drops: ofClass(numbers, classes, rows * columns, place),
        area: [-offsetX / scaleX, -offsetY / scaleY, width / scaleX, height / scaleY],
        milliseconds: performance.now() - started,
      };
    }
    return null;
  }

  /** A session for each feature map of the pattern. */
  private async opened(): Promise<Ready[]> {
    const nodes = nodesOf(this.graph);
    const ready: Ready[] = [];
    for (const head of linearHeads(nodes)) {
      const { added, names } = nodesFor(head, nodes);
      try {
        const session = await this.ort.InferenceSession.create(withNodes(this.graph, added), {
          executionProviders: ["wasm"],
          logSeverityLevel: 3,
          externalData: [...this.weights].map(([path, data]) => ({ path, data })),
          extra: { optimization: { disable_specified_optimizers: "ConstantFolding" } },
        });
        ready.push({ session, names });
      } catch {
        continue; // the pattern does not fit, such as weights with other dimensions
      }
    }
    return ready;
  }
}

function nodesFor(head: LinearHead, { names }: Nodes): { added: AddedNode[]; names: Ready["names"] } {
  const free = (name: string) => {
    while (names.has(name)) name += "_";
    return name;
  };
  const own = { map: free("activation"), scores: free("scores"), bias: head.bias ? free("bias") : null };
  const same = (input: string, output: string): AddedNode => ({
    operator: "Identity",
    inputs: [input],
    output,
  });
  const added: AddedNode[] = [
    {
      operator: "Einsum",
      inputs: [head.features, head.weights],
      output: own.map,
      attribute: ["equation", head.equation],
    },
    same(head.scores, own.scores),
  ];
  if (head.bias && own.bias) added.push(same(head.bias, own.bias));
  return { added, names: own };
}

/** Whether the means of the maps are the scores, and these lead to the probabilities by softmax or the logistic function. */
function isOf(
  map: readonly number[],
  scores: readonly number[],
  bias: readonly number[],
  probabilities: readonly number[],
  classes: number,
): boolean {
  const size = map.length / classes;
  if (scores.length !== classes || (bias.length > 0 && bias.length !== classes)) return false;
  const means = scores.map((_, k) => {
    const sum = map.slice(k * size, (k + 1) * size).reduce((a, b) => a + b, 0);
    return sum / size + (bias[k] ?? 0);
  });
  const margin = MARGIN * Math.max(1, ...scores.map(Math.abs));
  if (!means.every((mean, k) => Math.abs(mean - scores[k]!) <= margin)) return false;
  const logistic = scores.map((score) => 1 / (1 + Math.exp(-score)));
  const candidates = [softmax(scores), logistic];
  if (classes === 1) candidates.push([1 - logistic[0]!, logistic[0]!]);
  const isNear = (values: readonly number[]) =>
    values.length === probabilities.length &&
    values.every((value, k) => Math.abs(value - probabilities[k]!) <= MARGIN);
  return candidates.some(isNear);
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** What each place adds to the score of a class, relative to the mean of all classes, on which no probability depends. */
export function ofClass(map: readonly number[], classes: number, size: number, place: number): number[] {
  if (classes === 1) return map.map((value) => (place === 0 ? -value : value));
  return Array.from({ length: size }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += map[k * size + at]!;
    return map[place * size + at]! - sum / classes;
  });
}
