/** The errors about a graph that a sealed file must not contain. */
import { SealiftError } from "../../errors";

const MEMBER = "model.onnx";

/** E205: the bytes are not an ONNX model. */
export function malformed(reason: string): SealiftError {
  return new SealiftError(
    "E205",
    `The graph is malformed: ${reason}.`,
    MEMBER,
    "Ask its publisher for the original file; nothing of this one was used.",
  );
}

/** E208: the graph uses something that the format does not permit. */
export function refused(reason: string): SealiftError {
  return new SealiftError(
    "E208",
    `The graph uses what a sealed file must not use: ${reason}.`,
    MEMBER,
    "Do not use this file; ask its publisher for one that was packed by Sealift. Nothing of it was run.",
  );
}

/** E203: the graph exceeds a limit of the format. */
export function exceeded(reason: string): SealiftError {
  return new SealiftError(
    "E203",
    `The graph exceeds a limit of the format: ${reason}.`,
    MEMBER,
    "Do not use this file. Nothing of it was run.",
  );
}

/** A name from the graph, for messages. */
export function shown(name: string): string {
  return `'${name.slice(0, 60).replace(/[^ -~]/g, "\ufffd")}'`;
}
