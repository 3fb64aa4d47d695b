/** `resize`: another size, with the arithmetic of a named library (spec/IMAGE.md §6.1). */
import { flag, keys, Malformed } from "../../read";
import { checkSize, MOST_SIDE } from "../decode/picture";
import { resizedGrid, type Grid, type Shape } from "../grid";
import { resized, type ResizeRule } from "../resize";
import { interpolated, INTERPOLATIONS, SMOOTH, type Interpolation } from "../resize/interpolation";
import { CHANNELS, FILTERS, PASS_ORDERS } from "../resize/rule";
import { choice, type Raw, type Step } from "./base";
import { NewSize } from "./newSize";

/** A resize of integer levels by Pillow or OpenCV, or of floats as by PyTorch or TensorFlow. */
export class Resize implements Step {
  private readonly rule: ResizeRule | null = null;
  private readonly interpolation: Interpolation | null = null;
  private readonly to: NewSize;

  constructor(raw: Raw) {
    const library = choice(raw["library"], "library", [
      ...Object.keys(FILTERS),
      ...Object.keys(INTERPOLATIONS),
    ]);
    if (!Object.hasOwn(FILTERS, library)) {
      this.interpolation = interpolationOf(raw, library);
      this.to = new NewSize(raw["to"]);
      return;
    }
    const optional = library === "pillow" ? ["passes"] : [];
    const options = keys(raw, ["step", "library", "filter", "to"], optional);
    const filter = choice(options["filter"], "filter", FILTERS[library]!);
    const passes = choice(
      Object.hasOwn(options, "passes") ? options["passes"] : "by-size",
      "passes",
      PASS_ORDERS,
    );
    this.rule = { library, filter, passes };
    this.to = new NewSize(options["to"]);
  }

  shape(before: Shape): Shape {
    const depth = this.rule ? before.depth : "float";
    if (this.rule) {
      const { library } = this.rule;
      const isDeep = before.depth === "16" && library === "pillow" && before.channels === 1;
      if (!isDeep && (before.depth !== "8" || !CHANNELS[library]!.includes(before.channels)))
        throw new Malformed(`${library} cannot resize ${before.channels} channels of ${before.depth}`);
    }
    const { height, width } = before;
    if (!this.to.fixed && (height === null || width === null)) return { ...before, depth };
    const after = this.to.after(height ?? 1, width ?? 1);
    if (Math.max(...after) > MOST_SIDE) throw new Malformed("a resize exceeds the largest picture");
    return { ...before, depth, height: after[0], width: after[1] };
  }

  apply(grid: Grid): Grid {
    const [height, width] = this.to.after(grid.height, grid.width);
    checkSize({ height, width });
    const { levels, channels } = grid;
    if (this.interpolation) {
      const picture = { width: grid.width, height: grid.height, channels, data: Float32Array.from(levels) };
      return resizedGrid(grid, height, width, interpolated(picture, width, height, this.interpolation));
    }
    if (levels instanceof Float32Array || levels instanceof Float64Array)
      throw new Malformed("a resize needs integer levels");
    const made = resized(
      { width: grid.width, height: grid.height, channels, data: levels },
      width,
      height,
      this.rule!,
    );
    return resizedGrid(grid, height, width, made.data);
  }
}

/** The rule of a resize of floats. Throws Malformed. */
function interpolationOf(raw: Raw, library: string): Interpolation {
  const options = keys(raw, ["step", "library", "filter", "to"], library === "torch" ? ["antialias"] : []);
  const filter = choice(options["filter"], "filter", INTERPOLATIONS[library]!);
  const antialias = flag(Object.hasOwn(options, "antialias") ? options["antialias"] : false, "antialias");
  if (antialias && !SMOOTH.includes(filter))
    throw new Malformed(`antialias needs one of the filters ${SMOOTH.join(", ")}`);
  return { library, filter, antialias };
}
