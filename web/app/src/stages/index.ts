/** The kinds of stages by name, and the stages of a contract. Code outside this folder names no kind. */
import type { StageType } from "./base";
import { IMAGE } from "./image/kind";
import { TEXT } from "./text/kind";
import { TOKENIZER } from "./tokenizer/kind";

export { PreparedImage } from "./base";
export type { DecodedPicture, HeaderEntry, OnPicture, Piece, Rows, Scan } from "./base";
export { Stages } from "./stages";

export const STAGE_TYPES: readonly StageType[] = [IMAGE, TEXT, TOKENIZER];

/** The kind with this name and version, such as `text/1`; undefined if the page does not have it. */
export function stageType(kind: unknown): StageType | undefined {
  return STAGE_TYPES.find((type) => type.kind === kind);
}
