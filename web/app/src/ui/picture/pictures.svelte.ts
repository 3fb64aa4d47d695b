/** The pictures of the form: their files, what the worker decoded, and which parts of them the answer depends on. */
import type { Caution } from "../../contract/cautions";
import type { Contract, Value } from "../../contract/contract";
import { checkValue, type Checked } from "../../contract/value";
import type { Answer, FieldProblem, HeatMap, ShownPicture } from "../../engine/protocol";
import type { FoundObject } from "../../contract/outputs/kind";
import { asProblem } from "../../errors";
import type { Client } from "../client";
import { pictureFields } from "./fields";
import { ScanView } from "./scan.svelte";

/** The largest side of a picture for display, in pixels. */
const SIDE = 2048;

const FAILED = { code: "E207", what: "The parts of the picture could not be compared.", where: "", fix: "" };

export class Pictures {
  files = $state.raw<readonly (File | null)[]>([]);
  /** By field. */
  shown = $state.raw<ReadonlyMap<number, ShownPicture>>(new Map());
  problems = $state.raw<ReadonlyMap<number, FieldProblem>>(new Map());
  /** The display of files that have more than the picture that the model takes, by field. */
  scans = $state.raw<ReadonlyMap<number, ScanView>>(new Map());
  heat = $state.raw<ReadonlyMap<number, HeatMap>>(new Map());
  /** Whether the model has a class-activation map; null as long as it is not known. */
  hasActivation = $state<boolean | null>(null);
  /** Why the parts could not be found; else empty. */
  failure = $state("");
  computing = $state.raw<{ field: number; share: number } | null>(null);
  private running: AbortController | null = null;
  /** The inputs that are pictures, by index. */
  readonly fields: readonly number[];

  constructor(
    private readonly client: Client,
    private readonly contract: Contract,
  ) {
    this.fields = pictureFields(contract);
  }

  has(field: number): boolean {
    return this.fields.includes(field);
  }

  choose(field: number, file: File | null): void {
    const files = [...this.files];
    files[field] = file;
    this.files = files;
    this.shown = without(this.shown, field);
    this.scans = without(this.scans, field);
    this.problems = without(this.problems, field);
  }

  checked(field: number): Checked {
    return this.problems.get(field) ?? checkValue(this.contract.inputs[field]!, this.files[field] ?? null);
  }

  /** Removes what belongs to the former entries. */
  forget(): void {
    this.stop();
    this.failure = "";
    if (this.heat.size > 0) this.heat = new Map();
  }

  /** The answers to a row; null if a picture cannot be used. `isCurrent` says whether the entries are still the same. */
  async answer(
    row: Value[],
    isCurrent: () => boolean,
  ): Promise<{ answers: Answer[]; cautions: Caution[] } | null> {
    const reply = await this.client.call({ op: "picture", row, side: SIDE });
    if (!isCurrent()) return null;
    this.shown = reply.shown;
    for (const field of reply.shown.keys()) void this.scan(field);
    if (!("problems" in reply)) return reply;
    const place = (name: string) => this.contract.inputs.findIndex((field) => field.name === name);
    this.problems = new Map(reply.problems.map((problem) => [place(problem.field), problem]));
    return null;
  }

  /** Reads what a file has for display; without it the picture is shown as the model takes it. */
  private async scan(field: number): Promise<void> {
    const file = this.files[field];
    if (!file || this.scans.has(field)) return;
    const load = (frame: number | null) => this.client.call({ op: "scan", field, file, frame, side: SIDE });
    const scan = await load(null).catch(() => null);
    if (scan && this.files[field] === file)
      this.scans = new Map(this.scans).set(field, new ScanView(scan, load));
  }

  /**
   * Finds out which parts of a picture the answer to a row depends on.
   *
   * @param chosen the object whose score is observed, for a model that finds objects; null for the one with the best.
   */
  async look(row: Value[], field: number, chosen: FoundObject["box"] | null): Promise<void> {
    this.stop();
    this.failure = "";
    const controller = (this.running = new AbortController());
    this.computing = { field, share: 0 };
    try {
      const heat = await this.client.call(
        { op: "occlusion", row, field, chosen: chosen && [...chosen] },
        {
          signal: controller.signal,
          onProgress: ({ rows, total }) => {
            if (controller === this.running) this.computing = { field, share: rows / total };
          },
        },
      );
      if (controller === this.running) this.heat = new Map(this.heat).set(field, heat);
    } catch (error) {
      if (controller === this.running) this.failure = asProblem(error, FAILED).what;
    } finally {
      if (controller === this.running) this.computing = this.running = null;
    }
  }

  /** The class-activation map of a picture, or, where the model has none, the parts by covering. */
  async activate(row: Value[], field: number, chosen: FoundObject["box"] | null): Promise<void> {
    if (this.hasActivation === false) return this.look(row, field, chosen);
    this.stop();
    const controller = (this.running = new AbortController());
    let heat: HeatMap | null = null;
    try {
      heat = await this.client.call({ op: "activation", row, field });
    } catch {
      heat = null;
    }
    if (controller !== this.running) return;
    this.running = null;
    this.hasActivation = heat !== null;
    if (heat) this.heat = new Map(this.heat).set(field, heat);
    else await this.look(row, field, chosen);
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
    if (this.computing) this.computing = null;
  }
}

function without<T>(entries: ReadonlyMap<number, T>, field: number): ReadonlyMap<number, T> {
  return new Map([...entries].filter(([key]) => key !== field));
}
