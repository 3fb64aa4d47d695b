/** The inputs of a model that are pictures. */
import type { Contract } from "../../contract/contract";

/** Their indices. */
export function pictureFields({ inputs }: Contract): number[] {
  return inputs.flatMap(({ type, range }, i) => (type.control(range, "").kind === "picture" ? [i] : []));
}

/** Whether a picture is the only input, so that many pictures can be answered in a row. */
export function isSolePicture(contract: Contract): boolean {
  return contract.inputs.length === 1 && pictureFields(contract).length === 1;
}
