/**
 * Decodes picture files on request, for tests that run in browsers (tests/e2e/test_image_decoding.py); with `decode`, the
 * key of a stage, converts them to its mode.
 */
import { decode, Refusal } from "../src/stages/image/decode";
import { DecodeOptions } from "../src/stages/image/options";

const toText = (levels: Uint8Array) => {
  let text = "";
  for (const level of levels) text += String.fromCharCode(level);
  return btoa(text);
};

globalThis.addEventListener(
  "message",
  (event: MessageEvent<{ id: number; file: string; decode?: unknown }>) => {
    const { id, file, decode: options } = event.data;
    const post = (answer: object) => (globalThis as unknown as Worker).postMessage({ id, ...answer });
    const refused = (error: unknown) =>
      post({
        refused: error instanceof Refusal ? error.reason : "error",
        code: error instanceof Refusal ? error.code : "",
        message: error instanceof Error ? error.message : String(error),
      });
    const data = Uint8Array.from(atob(file), (char) => char.charCodeAt(0));
    if (options) {
      const stage = new DecodeOptions(options);
      stage
        .picture(new Blob([data]))
        .then((picture) => stage.grid(picture))
        .then(
          ({ width, height, levels }) => post({ width, height, levels: toText(levels as Uint8Array) }),
          refused,
        );
      return;
    }
    decode(data).then(
      ({ data, palette, transparency, ...picture }) =>
        post({
          ...picture,
          levels: toText(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
          palette: palette ? toText(palette) : "",
          transparency: transparency instanceof Uint8Array ? [...transparency] : (transparency ?? null),
        }),
      refused,
    );
  },
);
