/** Decodes picture files on request, for tests that run in browsers (tests/e2e/test_image_decoding.py). */
import { decode, Refusal } from "../src/stages/image/decode";

const toText = (levels: Uint8Array) => {
  let text = "";
  for (const level of levels) text += String.fromCharCode(level);
  return btoa(text);
};

globalThis.addEventListener("message", (event: MessageEvent<{ id: number; file: string }>) => {
  const { id, file } = event.data;
  const post = (answer: object) => (globalThis as unknown as Worker).postMessage({ id, ...answer });
  decode(Uint8Array.from(atob(file), (char) => char.charCodeAt(0))).then(
    ({ data, palette, transparency, ...picture }) =>
      post({
        ...picture,
        levels: toText(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
        palette: palette ? toText(palette) : "",
        transparency: transparency instanceof Uint8Array ? [...transparency] : (transparency ?? null),
      }),
    (error: unknown) =>
      post({
        refused: error instanceof Refusal ? error.reason : "error",
        message: error instanceof Error ? error.message : String(error),
      }),
  );
});
