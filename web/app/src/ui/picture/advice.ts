/** What a person can do about a picture that cannot be used (docs/errors.md). */
import type { FieldProblem } from "../../engine/protocol";

const ADVICE: Readonly<Record<string, string>> = {
  R110: "Export the picture as PNG, which loses nothing, and choose this file.",
  R111: "Copy the file again from its source.",
  R112: "Choose the part of the picture that the model was made for.",
  R113: "Convert the picture in the way in which the training pictures were converted.",
  R114: "Choose the file again.",
  R115: "Choose the picture in the size that is stated above.",
};

export function adviceOf(code: string): string {
  return ADVICE[code] ?? "";
}

/** The message without the name of the field, where there is only one picture. */
export function messageOf({ field, message }: FieldProblem): string {
  return message.replace(`The picture "${field}" `, "This picture ");
}
