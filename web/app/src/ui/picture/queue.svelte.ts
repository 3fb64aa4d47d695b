/** Many pictures, each worker answering one after the other. */
import type { Contract } from "../../contract/contract";
import { answerCells } from "../../engine/results";
import type { Answer, ShownPicture } from "../../engine/protocol";
import { asProblem } from "../../errors";
import type { Client } from "../client";
import { headline } from "../headline";
import { messageOf } from "./advice";
import { annotationsOf, type CocoPicture } from "./coco";
import type { NamedFile } from "./files";
import { layersOf, withMasks } from "./masks";
import { pointsOf, withPoints } from "./points";
import { MANY, type Workers } from "./workers";

/** The largest side of a small picture, in pixels. */
const SIDE = 128;

export interface Item extends NamedFile {
  state: "waiting" | "answered" | "bad";
  thumb: ImageData | null;
  /** The answer as in the form, and what completes it. */
  answer: string;
  detail: string;
  /** The highest probability, and how far it is above the second one. */
  sure: number | null;
  margin: number | null;
  /** The cells of the file of results. */
  cells: string[];
  /** What was found, for the file of annotations. */
  coco: CocoPicture | null;
  caution: string;
  problem: string;
  code: string;
}

export class Queue {
  items = $state.raw<readonly Item[]>([]);
  isRunning = $state(false);
  private generation = 0;

  constructor(
    private readonly workers: Workers,
    private readonly contract: Contract,
  ) {}

  async add(files: readonly NamedFile[]): Promise<void> {
    const added = files.map((file): Item => ({
      ...file,
      state: "waiting",
      thumb: null,
      answer: "",
      detail: "",
      sure: null,
      margin: null,
      cells: [],
      coco: null,
      caution: "",
      problem: "",
      code: "",
    }));
    this.items = [...this.items, ...added];
    if (!this.isRunning) await this.run();
  }

  /** Answers the pictures that have no answer yet. */
  async run(): Promise<void> {
    const own = ++this.generation;
    this.isRunning = true;
    const begun = new WeakSet<Item>();
    const lanes = [this.lane(this.workers.own, own, begun)];
    if (this.items.filter((item) => item.state === "waiting").length >= MANY)
      for (const opening of this.workers.others())
        void opening.then((client) => {
          if (client && own === this.generation && this.isRunning) lanes.push(this.lane(client, own, begun));
        });
    for (let i = 0; i < lanes.length; i++) await lanes[i]; // others are added meanwhile
    await this.lane(this.workers.own, own, begun); // what a worker that failed has left
    if (own === this.generation) this.isRunning = false;
  }

  /** Answers pictures that no other worker has begun, until none is left. */
  private async lane(client: Client, own: number, begun: WeakSet<Item>): Promise<void> {
    for (;;) {
      const item = this.items.find((one) => one.state === "waiting" && !begun.has(one));
      if (!item) return;
      begun.add(item);
      const answered = await this.answered(item, client);
      if (own !== this.generation) return;
      if (!answered) {
        begun.delete(item);
        return;
      }
      this.items = this.items.map((one) => (one === item ? answered : one));
    }
  }

  /** The small picture with masks and points. */
  private drawn(shown: ShownPicture, answers: readonly Answer[]): ImageData {
    const image = withMasks(shown.image, layersOf(this.contract, answers));
    return withPoints(image, shown, pointsOf(this.contract, answers) ?? []);
  }

  stop(): void {
    this.generation++;
    this.isRunning = false;
  }

  clear(): void {
    this.stop();
    this.items = [];
  }

  /** The item with its answer; null where a further worker failed, whose pictures are left to the others. */
  private async answered(item: Item, client: Client): Promise<Item | null> {
    try {
      const reply = await client.call({ op: "picture", row: [item.file], side: SIDE });
      const shown = reply.shown.get(0);
      const thumb = shown?.image ?? null;
      if ("problems" in reply) {
        const [problem] = reply.problems;
        return {
          ...item,
          state: "bad",
          thumb,
          problem: problem ? messageOf(problem) : "",
          code: problem?.code ?? "",
        };
      }
      const { text, units, under, details, probabilities } = headline(this.contract, reply.answers);
      const [first, second] = (probabilities ?? []).toSorted((a, b) => b - a);
      const [detail] = details;
      return {
        ...item,
        state: "answered",
        thumb: shown ? this.drawn(shown, reply.answers) : null,
        answer:
          (text && (units ? `${text} ${units}` : text)) || (detail ? `${detail.name}: ${detail.value}` : ""),
        detail: under[0] ?? "",
        sure: first ?? null,
        margin: first === undefined || second === undefined ? null : first - second,
        cells: answerCells(this.contract, reply.answers, 0),
        coco: shown
          ? {
              name: item.name,
              width: shown.width,
              height: shown.height,
              annotations: annotationsOf(this.contract, reply.answers),
            }
          : null,
        caution: reply.cautions.map(({ message }) => message).join(" "),
      };
    } catch (error) {
      if (client !== this.workers.own) return null;
      const { what, code } = asProblem(error, {
        code: "E207",
        what: "It was not answered.",
        where: "",
        fix: "",
      });
      return { ...item, state: "bad", problem: what, code };
    }
  }
}
