/** Converts the levels of a decoded picture to the mode of a stage, as Pillow does (spec/IMAGE.md §5.2). */
import type { Picture } from "./decode";
import type { TargetMode } from "./options";
import { grey } from "./steps/channels";

/** The levels of a picture in a mode. Levels of 16 bits become the higher byte of them, or are limited to 255. */
export function levelsAs(picture: Picture, mode: TargetMode, isHighByte: boolean): Uint8Array | Uint16Array {
  if (mode === "I;16") return picture.data;
  if (picture.mode === mode) return picture.data;
  const { levels, channels } = coloured(picture, isHighByte, mode === "RGBA");
  const count = picture.width * picture.height;
  if (mode === "L") return channels >= 3 ? grey(levels, channels) : every(levels, channels, 1, count);
  if (mode === "RGB") return every(levels, channels, 3, count);
  return every(levels, channels, 4, count);
}

interface Coloured {
  levels: Uint8Array;
  /** 1: grey, 2: grey and alpha, 3: colours, 4: colours and alpha. */
  channels: number;
}

/** The levels with 8 bits; palettes are replaced by their colours, and transparent ones by alpha if it is needed. */
function coloured(picture: Picture, isHighByte: boolean, isAlphaNeeded: boolean): Coloured {
  const { data, transparency } = picture;
  switch (picture.mode) {
    case "I;16":
      return {
        levels: Uint8Array.from(data, (level) => (isHighByte ? level >> 8 : Math.min(level, 255))),
        channels: 1,
      };
    case "P":
      return fromPalette(picture, isAlphaNeeded);
    case "LA":
      return { levels: data as Uint8Array, channels: 2 };
    case "RGBA":
      return { levels: data as Uint8Array, channels: 4 };
    default: {
      const channels = picture.mode === "RGB" ? 3 : 1;
      const levels = data as Uint8Array;
      if (!isAlphaNeeded || transparency === undefined) return { levels, channels };
      return withAlpha(levels, channels, [transparency].flat() as number[]);
    }
  }
}

function fromPalette({ data, palette, transparency }: Picture, isAlphaNeeded: boolean): Coloured {
  const channels = isAlphaNeeded && transparency !== undefined ? 4 : 3;
  const levels = new Uint8Array(data.length * channels);
  const alpha = (position: number) =>
    typeof transparency === "number"
      ? position === transparency
        ? 0
        : 255
      : ((transparency as Uint8Array)[position] ?? 255);
  for (let i = 0, to = 0; i < data.length; i++) {
    const position = data[i]!;
    for (let channel = 0; channel < 3; channel++) levels[to++] = palette![3 * position + channel] ?? 0;
    if (channels === 4) levels[to++] = alpha(position);
  }
  return { levels, channels };
}

/** With alpha 0 where the pixel has the transparent level or colour. */
function withAlpha(levels: Uint8Array, channels: number, transparent: readonly number[]): Coloured {
  const made = new Uint8Array((levels.length / channels) * (channels + 1));
  for (let at = 0, to = 0; at < levels.length; at += channels) {
    let isTransparent = true;
    for (let channel = 0; channel < channels; channel++) {
      made[to++] = levels[at + channel]!;
      isTransparent &&= levels[at + channel] === transparent[channel];
    }
    made[to++] = isTransparent ? 0 : 255;
  }
  return { levels: made, channels: channels + 1 };
}

/** Pixels with `after` channels: 1, 3 or 4. Grey is repeated; alpha is dropped, or 255 where it is added. */
function every(levels: Uint8Array, before: number, after: number, count: number): Uint8Array {
  if (before === after) return levels;
  const made = new Uint8Array(count * after);
  const hasAlpha = before === 2 || before === 4;
  for (let i = 0; i < count; i++) {
    const [from, to] = [i * before, i * after];
    for (let channel = 0; channel < Math.min(after, 3); channel++)
      made[to + channel] = levels[from + (before >= 3 ? channel : 0)]!;
    if (after === 4) made[to + 3] = hasAlpha ? levels[from + before - 1]! : 255;
  }
  return made;
}
