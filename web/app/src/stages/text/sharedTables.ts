/** The tables of a contract's stages: equal ones are built once, and their total size is bounded (spec/TEXT.md §1). */
import { canonical } from "../../seal/json";
import { Malformed } from "../read";

const MOST_ENTRIES = 1 << 20;

interface Sized {
  entries: number;
}

export class Tables {
  private readonly made = new Map<(raw: unknown) => Sized, Map<string, Sized>>();
  private entries = 0;

  /** The table that `make` builds from `raw`. Throws Malformed when it is malformed, or all are too large. */
  get<T extends Sized>(make: (raw: unknown) => T, raw: unknown): T {
    let known = this.made.get(make);
    if (!known) this.made.set(make, (known = new Map()));
    const key = canonical(raw);
    let table = known.get(key);
    if (!table) {
      known.set(key, (table = make(raw)));
      this.entries += table.entries;
      if (this.entries > MOST_ENTRIES)
        throw new Malformed(`the tables of the stages have more than ${MOST_ENTRIES} entries`);
    }
    return table as T;
  }
}
