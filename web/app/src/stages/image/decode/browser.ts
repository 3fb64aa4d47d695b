/**
 * Decodes JPEG and WebP with the browser, which has the levels of Pillow for the kinds that jpeg.ts and webp.ts accept.
 * The first use decodes a small picture whose levels are known: a browser that changes levels, such as Firefox with
 * `privacy.resistFingerprinting`, is not used.
 */
import { Refusal, damaged, type Size } from "./picture";
import { SAMPLES } from "./samples";

/** The levels of red, green and blue of an opaque picture. Throws a Refusal if the browser cannot decode it exactly. */
export async function decodedByBrowser(
  data: Uint8Array<ArrayBuffer>,
  type: "image/jpeg" | "image/webp",
  size: Size,
): Promise<Uint8Array> {
  const wrong = await (checked[type] ??= checkBrowser(type));
  if (wrong) throw new Refusal("browser", wrong);
  return levelsOf(data, type, size);
}

const checked: Partial<Record<string, Promise<string>>> = {};

/** Why the browser is not used for a type of pictures; empty if it decodes it exactly. */
async function checkBrowser(type: "image/jpeg" | "image/webp"): Promise<string> {
  const name = type === "image/jpeg" ? "JPEG" : "WebP";
  if (typeof OffscreenCanvas !== "function" || typeof createImageBitmap !== "function")
    return `is a ${name} file, which this browser cannot decode in a worker; use a current Chrome, Edge or Firefox`;
  for (const { file, width, height, sum } of SAMPLES[type]) {
    const data = Uint8Array.from(atob(file), (char) => char.charCodeAt(0));
    const levels = await levelsOf(data, type, { width, height }).catch(() => new Uint8Array());
    if (checksum(levels) !== sum)
      return `is a ${name} file, which this browser decodes with other levels than the model was trained on, perhaps as a protection against fingerprinting; use another browser, or save the picture as PNG or TIFF`;
  }
  return "";
}

/** FNV-1a of 32 bits. */
export function checksum(levels: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (const level of levels) sum = Math.imul(sum ^ level, 0x01000193);
  return sum >>> 0;
}

async function levelsOf(data: Uint8Array<ArrayBuffer>, type: string, size: Size): Promise<Uint8Array> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([data], { type }), {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw damaged("damaged, so that the browser cannot decode it");
  }
  try {
    const { width, height } = bitmap;
    if (width !== size.width || height !== size.height)
      throw damaged("damaged: its size differs from that in its header");
    const canvas = new OffscreenCanvas(width, Math.min(height, ROWS));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context)
      throw new Refusal("browser", "needs a canvas, which this browser does not have in a worker");
    const made = new Uint8Array(width * height * 3);
    // In parts, because a canvas has a maximum number of pixels.
    for (let top = 0; top < height; top += ROWS) {
      const rows = Math.min(ROWS, height - top);
      context.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
      const { data: pixels } = context.getImageData(0, 0, width, rows);
      for (let from = 0, to = top * width * 3; from < width * rows * 4; from += 4) {
        made[to++] = pixels[from]!;
        made[to++] = pixels[from + 1]!;
        made[to++] = pixels[from + 2]!;
      }
    }
    return made;
  } finally {
    bitmap.close();
  }
}

const ROWS = 1024;
