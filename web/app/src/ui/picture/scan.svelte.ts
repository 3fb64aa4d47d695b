/** The display of a DICOM file: its frame and its window. The answer does not depend on them. */
import type { ShownScan } from "../../engine/protocol";

export class ScanView {
  scan = $state.raw<ShownScan>() as ShownScan;
  /** Centre and width; null where the picture is shown as the model takes it. */
  window = $state.raw<readonly [centre: number, width: number] | null>(null);
  /** Whether moving a pressed pointer changes the window instead of the part that is shown. */
  isAdjusting = $state(false);
  /** Why a frame is not shown; else empty. */
  failure = $state("");
  /** The picture to be shown in place of that of the model; null for that of the model. */
  readonly image = $derived.by(() => this.painted());
  private wanted = 0;
  /** What was rounded off while the window was dragged. */
  private rest: readonly [number, number] = [0, 0];

  /** `load` returns another frame. */
  constructor(
    scan: ShownScan,
    private readonly load: (frame: number) => Promise<ShownScan | null>,
  ) {
    this.scan = scan;
  }

  /** Whether the frame is the one that the model answers. */
  get isAnswered(): boolean {
    return this.scan.frame === this.scan.modelFrame;
  }

  /** The window of the display. */
  get current(): readonly [centre: number, width: number] | null {
    return this.window ?? this.scan.window;
  }

  async show(frame: number): Promise<void> {
    const number = ++this.wanted;
    this.failure = "";
    try {
      const scan = await this.load(frame);
      if (scan && number === this.wanted) this.scan = scan;
    } catch (error) {
      if (number === this.wanted) this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** Changes the window; the width is at least 1. */
  setWindow(centre: number, width: number): void {
    if (!this.scan.values || !Number.isFinite(centre) || !Number.isFinite(width)) return;
    this.window = [centre, Math.max(1, width)];
  }

  /** Changes the window by the movement of a pointer over an area of the given sides. */
  drag(right: number, down: number, area: { width: number; height: number }): void {
    const current = this.current;
    if (!current) return;
    const range = Math.max(current[1], 16);
    // Hundreds of values need no fractions.
    const rounded = (value: number) => (range >= 100 ? Math.round(value) : Math.round(value * 100) / 100);
    const centre = current[0] + (down / area.height) * range + this.rest[0];
    const width = current[1] + (right / area.width) * range + this.rest[1];
    this.setWindow(rounded(centre), rounded(width));
    this.rest = [centre - rounded(centre), width - rounded(width)];
  }

  private painted(): ImageData | null {
    const { values, image, isInverted } = this.scan;
    if (this.isAnswered && !this.window) return null;
    if (!values) return image;
    const [centre, width] = this.current!;
    const [low, high] = [centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2];
    const made = new ImageData(values.columns, values.rows);
    const pixels = new Uint32Array(made.data.buffer);
    for (let i = 0; i < pixels.length; i++) {
      const x = values.data[i]!;
      const level = x <= low ? 0 : x > high ? 255 : ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255 + 0.5;
      pixels[i] = 0xff000000 | (0x010101 * (isInverted ? 255 - Math.trunc(level) : Math.trunc(level)));
    }
    return made;
  }
}
