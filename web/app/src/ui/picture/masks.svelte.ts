/** Which classes of the masks of a picture are shown, and how opaque they are. */
import { colourOf, isBackground, maskImage, placeOf, type Layer } from "./masks";

export class Masks {
  layers = $state.raw<readonly Layer[]>([]);
  visible = $state(true);
  opacity = $state(0.55);
  /** Classes whose visibility was changed; the others are shown unless they are the background. */
  private changed = $state.raw<ReadonlyMap<string, boolean>>(new Map());

  readonly hidden = $derived(
    new Set(
      this.layers
        .flatMap(({ classes }) => classes)
        .filter((name) => this.changed.get(name) ?? isBackground(name)),
    ),
  );
  /** The classes that the picture has, in the order of the contract. */
  readonly legend = $derived(
    this.layers.flatMap(({ classes, shares }) =>
      classes.flatMap((name, place) =>
        shares[place]! > 0 ? [{ name, share: shares[place]!, colour: css(place) }] : [],
      ),
    ),
  );
  /** The classes that it does not have. */
  readonly absent = $derived(
    this.layers.flatMap(({ classes, shares }) => classes.filter((_, place) => shares[place] === 0)),
  );
  /** The share of the picture that the net does not see, or where it gives no class. */
  readonly uncovered = $derived(
    Math.max(0, ...this.layers.map(({ shares }) => 1 - shares.reduce((sum, share) => sum + share, 0))),
  );
  /** The overlays, and the rectangles of the picture that they cover. */
  readonly overlays = $derived(
    this.layers.map((layer) => ({ image: maskImage(layer, this.hidden), area: placeOf(layer) })),
  );

  take(layers: readonly Layer[]): void {
    this.layers = layers;
  }

  toggle(name: string): void {
    this.changed = new Map(this.changed).set(name, !this.hidden.has(name));
  }

  showAll(): void {
    this.changed = new Map(this.layers.flatMap(({ classes }) => classes.map((name) => [name, false])));
  }
}

function css(place: number): string {
  return `rgb(${colourOf(place).join(" ")})`;
}
