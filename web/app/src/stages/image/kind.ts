/** The image stage as a kind of stage (spec/IMAGE.md). The Python implementation is in stages/image/kind.py. */
import type { Stage } from "../../contract/contract";
import { malformed } from "../../contract/parse/read";
import { StageType, type StageOutput, type StageRun } from "../base";
import { Malformed } from "../read";
import { ImageRun } from "./batch";
import { shapeOf } from "./stage";

class ImageStageType extends StageType {
  readonly name = "image";
  readonly version = 1;
  override readonly takes = "stage";
  readonly outputs: readonly StageOutput[] = [
    { name: "pixels", dtype: "float32", shape: ["channels", "height", "width"] },
    { name: "geometry", dtype: "float64", shape: [6] },
  ];

  override outputsOf({ spec }: Stage): readonly StageOutput[] {
    const names =
      spec["layout"] === "HWC" ? ["height", "width", "channels"] : ["channels", "height", "width"];
    try {
      const shape = shapeOf(spec).map((size, i) => size ?? names[i]!);
      return [{ name: "pixels", dtype: "float32", shape }, this.outputs[1]!];
    } catch (error) {
      throw error instanceof Malformed ? malformed(error.message, "image stage") : error;
    }
  }

  override formats({ spec }: Stage): string {
    const decode = spec["decode"] as Record<string, unknown>;
    return `PNG, JPEG, WebP, BMP, ${decode["dicom"] ? "GIF, TIFF or DICOM" : "GIF or TIFF"}`;
  }

  open(stages: ReadonlyMap<number, Stage>): StageRun {
    return new ImageRun(stages);
  }
}

export const IMAGE: StageType = new ImageStageType();
