/** Which objects of a picture are shown, and which one is highlighted in the picture and in the table. */
import type { Detection } from "../../contract/outputs/kind";
import { styleOf, type Style } from "./objects";

export class Objects {
  detection = $state.raw<Detection | null>(null);
  /** Whether frames are drawn. */
  visible = $state(true);
  /** The names of classes that are not shown. They and the least score are kept for the next picture. */
  hidden = $state.raw<ReadonlySet<string>>(new Set());
  private wanted = $state(0);
  /** The object under the pointer or with the focus, and the one that was chosen. */
  hovered = $state<number | null>(null);
  chosen = $state<number | null>(null);

  /** The object that was chosen in the table, which is moved into the view. */
  sought = $state.raw<{ object: number } | null>(null);

  readonly all = $derived(this.detection?.objects ?? []);
  /** The lowest value of the least score: at it, every object is shown. */
  readonly floor = $derived(Math.floor((this.detection?.threshold ?? 0) * 100) / 100);
  readonly ceiling = $derived(Math.max(1, ...this.all.map(({ score }) => score)));
  readonly least = $derived(Math.max(this.wanted, this.floor));
  private readonly places = $derived(new Map((this.detection?.classes ?? []).map((name, i) => [name, i])));
  private readonly above = $derived(
    this.all.flatMap(({ score }, i) => (score >= this.least || this.least === this.floor ? [i] : [])),
  );
  /** The indices of the objects that are shown. */
  readonly shown = $derived(this.above.filter((i) => !this.hidden.has(this.all[i]!.class)));
  readonly active = $derived.by(() => {
    const place = this.hovered ?? this.chosen;
    return place !== null && this.shown.includes(place) ? place : null;
  });
  /** The corners of the object that was chosen. */
  readonly target = $derived(this.chosen === null ? null : (this.all[this.chosen]?.box ?? null));
  /** The classes of the picture in the order of the contract, with their numbers of objects above the least score. */
  readonly legend = $derived.by(() => {
    const counts = new Map(this.all.map((object) => [object.class, 0]));
    for (const i of this.above) counts.set(this.all[i]!.class, counts.get(this.all[i]!.class)! + 1);
    return [...counts]
      .map(([name, count]) => ({ name, count, style: this.style(name) }))
      .sort((a, b) => this.places.get(a.name)! - this.places.get(b.name)!);
  });

  style(name: string): Style {
    return styleOf(this.places.get(name) ?? 0);
  }

  /** Shows the objects of another answer. */
  take(detection: Detection | null): void {
    this.detection = detection;
    this.hovered = this.chosen = this.sought = null;
  }

  setLeast(score: number): void {
    this.wanted = score;
  }

  toggle(name: string): void {
    const hidden = new Set(this.hidden);
    if (!hidden.delete(name)) hidden.add(name);
    this.hidden = hidden;
  }

  choose(object: number | null): void {
    this.chosen = object === this.chosen ? null : object;
  }

  /** Chooses an object that may be outside the part of the picture that is shown. */
  seek(object: number): void {
    this.choose(object);
    this.sought = this.chosen === null ? null : { object };
  }

  showAll(): void {
    this.hidden = new Set();
    this.wanted = 0;
  }
}
