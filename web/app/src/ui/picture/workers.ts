/** The workers that answer many pictures: the page's own, and further ones with a copy of the model. */
import type { Client } from "../client";

/** As many as this at most: each one has a copy of the engine, which needs some 60 MB. */
const MOST = 4;
/** The sealed files of all workers together, in bytes; in memory, a model needs several times its size. */
const BYTES = 300_000_000;
/** With fewer pictures, opening another worker takes longer than answering them. */
export const MANY = 4;

/** How many workers answer many pictures, for a sealed file of `size` bytes and `cores` processors. */
export function workersFor(size: number, cores: number): number {
  return Math.max(1, Math.min(MOST, cores, Math.floor(BYTES / Math.max(1, size))));
}

export class Workers {
  private readonly further: Promise<Client | null>[] = [];

  constructor(
    /** The page's own worker, which is open. */
    readonly own: Client,
    private readonly count: number,
    /** Opens a worker with the same model. */
    private readonly open: () => Promise<Client>,
  ) {}

  /** Those beside the page's own, opened at the first call; null for one that cannot be opened, such as for lack of memory. */
  others(): readonly Promise<Client | null>[] {
    while (this.further.length < this.count - 1) this.further.push(this.open().catch(() => null));
    return this.further;
  }
}
