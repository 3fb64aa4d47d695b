/** Answers about pictures in the format of COCO, as `sealift predict` writes them (batch/coco.py). */
import type { Contract } from "../../contract/contract";
import { kindOf } from "../../contract/outputs";
import type { CocoAnnotation } from "../../contract/outputs/kind";
import type { Answer } from "../../engine/protocol";
import type { Manifest } from "../../seal/members/manifest";

/** A picture with its annotations; `category` counts all classes of the contract from 1. */
export interface CocoPicture {
  name: string;
  width: number;
  height: number;
  annotations: CocoAnnotation[];
}

/** Whether COCO has a form for an output. */
export function hasCoco(contract: Contract): boolean {
  return contract.outputs.some((output) => kindOf(output).cocoCategories(output) !== null);
}

/** The annotations of the answers to one row. */
export function annotationsOf(contract: Contract, answers: readonly Answer[]): CocoAnnotation[] {
  let first = 1;
  return contract.outputs.flatMap((output, i) => {
    const kind = kindOf(output);
    const start = first;
    first += kind.cocoCategories(output)?.length ?? 0;
    return kind
      .cocoAnnotations(output, answers[i]!.data)
      .map((annotation) => ({ ...annotation, category: start + annotation.category }));
  });
}

export function cocoFile(
  contract: Contract,
  { name, version }: Pick<Manifest, "name" | "version">,
  identity: string,
  pictures: readonly CocoPicture[],
): Blob {
  const categories = contract.outputs
    .flatMap((output) =>
      (kindOf(output).cocoCategories(output) ?? []).map((one) => ({ supercategory: output.name, ...one })),
    )
    .map((one, i) => ({ id: i + 1, ...one }));
  let id = 0;
  const annotations = pictures.flatMap(({ annotations: listed }, i) =>
    listed.map(({ category, ...rest }) => ({ id: ++id, image_id: i + 1, category_id: category, ...rest })),
  );
  const images = pictures.map(({ name: file_name, width, height }, i) => ({
    id: i + 1,
    file_name,
    height,
    width,
  }));
  const info = { description: `${name} ${version}`, version, url: identity };
  return new Blob([JSON.stringify({ info, licenses: [], categories, annotations, images })], {
    type: "application/json",
  });
}
