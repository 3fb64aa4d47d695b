/** Many pictures, answered one after the other. */
import type { Contract } from "../../contract/contract";
import { answerCells } from "../../engine/results";
import { asProblem } from "../../errors";
import type { Client } from "../client";
import { headline } from "../headline";
import { messageOf } from "./advice";
import type { NamedFile } from "./files";

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
  caution: string;
  problem: string;
  code: string;
}

export class Queue {
  items = $state.raw<readonly Item[]>([]);
  isRunning = $state(false);
  private generation = 0;

  constructor(
    private readonly client: Client,
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
    for (;;) {
      const at = this.items.findIndex((item) => item.state === "waiting");
      if (at < 0) break;
      const item = this.items[at]!;
      const answered = await this.answered(item);
      if (own !== this.generation) return;
      this.items = this.items.map((one) => (one === item ? answered : one));
    }
    this.isRunning = false;
  }

  stop(): void {
    this.generation++;
    this.isRunning = false;
  }

  clear(): void {
    this.stop();
    this.items = [];
  }

  private async answered(item: Item): Promise<Item> {
    try {
      const found = await this.client.call({ op: "picture", row: [item.file], side: SIDE });
      const thumb = found.shown.get(0)?.image ?? null;
      if ("problems" in found) {
        const [problem] = found.problems;
        return {
          ...item,
          state: "bad",
          thumb,
          problem: problem ? messageOf(problem) : "",
          code: problem?.code ?? "",
        };
      }
      const { text, units, under, details, probabilities } = headline(this.contract, found.answers);
      const [first, second] = (probabilities ?? []).toSorted((a, b) => b - a);
      const [detail] = details;
      return {
        ...item,
        state: "answered",
        thumb,
        answer:
          (text && (units ? `${text} ${units}` : text)) || (detail ? `${detail.name}: ${detail.value}` : ""),
        detail: under[0] ?? "",
        sure: first ?? null,
        margin: first === undefined || second === undefined ? null : first - second,
        cells: answerCells(this.contract, found.answers, 0),
        caution: found.cautions.map(({ message }) => message).join(" "),
      };
    } catch (error) {
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
