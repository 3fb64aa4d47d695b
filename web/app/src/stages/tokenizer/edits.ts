/** Edits of a piece: maps, dropped and surrounded characters, replacement, white space at the ends, prefixes, bytes. */
import { flag, keys, Malformed, text } from "../read";
import { charSet } from "./charSet";
import { charTable } from "./charTable";
import { matcher } from "./matches";
import { Piece, pointsOf } from "./piece";
import { unicodeForm } from "./unicodeForms";

export type Edit = (piece: Piece) => Piece;

const LONGEST = 1 << 10;

const MAKERS = new Map<string, (raw: unknown) => Edit>([
  ["bytes", bytes],
  ["drop", drop],
  ["form", unicodeForm],
  ["map", map],
  ["prefix", prefix],
  ["replace", replace],
  ["strip", strip],
  ["surround", surround],
]);

/** The edit with this key in the stage. Throws Malformed. */
export function editOf(name: string, raw: unknown): Edit {
  const make = MAKERS.get(name);
  if (!make) throw new Malformed(`an edit must have one of the keys ${[...MAKERS.keys()].sort().join(", ")}`);
  return make(raw);
}

/** Each character is replaced by some; undefined is itself. */
function each(piece: Piece, image: (point: number) => readonly number[] | undefined): Piece {
  const points: number[] = [];
  const parents: number[] = [];
  let isChanged = false;
  piece.points.forEach((point, i) => {
    const others = image(point);
    if (!others) {
      points.push(point);
      parents.push(i);
      return;
    }
    isChanged = true;
    for (const other of others) {
      points.push(other);
      parents.push(i);
    }
  });
  return isChanged ? piece.edited(points, parents) : piece;
}

function map(raw: unknown): Edit {
  const table = charTable(raw);
  return (piece) => each(piece, table);
}

function drop(raw: unknown): Edit {
  const isDropped = charSet(raw);
  return (piece) => each(piece, (point) => (isDropped(point) ? [] : undefined));
}

function surround(raw: unknown): Edit {
  const spec = keys(raw, ["set", "text"]);
  const isMember = charSet(spec["set"]);
  const around = pointsOf(text(spec["text"], LONGEST));
  return (piece) => each(piece, (point) => (isMember(point) ? [...around, point, ...around] : undefined));
}

/** The new characters have the span of the last character of the match. */
function replace(raw: unknown): Edit {
  const spec = keys(raw, ["find", "with"]);
  const find = matcher(spec["find"]);
  const other = pointsOf(text(spec["with"], LONGEST));
  return (piece) => {
    const points: number[] = [];
    const parents: number[] = [];
    for (const [start, end, isMatch] of find(piece.points)) {
      if (isMatch) {
        for (const point of other) {
          points.push(point);
          parents.push(end - 1);
        }
      } else {
        for (let i = start; i < end; i++) {
          points.push(piece.points[i]!);
          parents.push(i);
        }
      }
    }
    return piece.edited(points, parents);
  };
}

function strip(raw: unknown): Edit {
  const spec = keys(raw, ["space", "left", "right"]);
  const isSpace = charSet(spec["space"]);
  const [left, right] = [flag(spec["left"], "left"), flag(spec["right"], "right")];
  return (piece) => {
    let start = 0;
    let end = piece.points.length;
    while (left && start < end && isSpace(piece.points[start]!)) start++;
    while (right && end > start && isSpace(piece.points[end - 1]!)) end--;
    return piece.part(start, end);
  };
}

/** Added before a piece that is not empty; it has the span of the first character. */
function prefix(raw: unknown): Edit {
  const spec = keys(raw, ["text", "repeated", "first"]);
  const chars = pointsOf(text(spec["text"], LONGEST));
  const [repeated, first] = [flag(spec["repeated"], "repeated"), flag(spec["first"], "first")];
  return (piece) => {
    const { points, starts } = piece;
    if (points.length === 0 || (first && starts[0] !== 0)) return piece;
    if (!repeated && chars.every((char, i) => points[i] === char)) return piece;
    return piece.edited([...chars, ...points], [...chars.map(() => 0), ...points.map((_, i) => i)]);
  };
}

/** The character for each byte: itself for those that are visible in Latin-1, and for the others those from U+0100. */
export const BYTE_CHARS: readonly number[] = (() => {
  let next = 0x100;
  const isVisible = (byte: number) =>
    (byte >= 0x21 && byte < 0x7f) || (byte >= 0xa1 && byte < 0xad) || byte >= 0xae;
  return Array.from({ length: 256 }, (_, byte) => (isVisible(byte) ? byte : next++));
})();

function bytes(raw: unknown): Edit {
  if (raw !== true) throw new Malformed("bytes must be true");
  return (piece) => each(piece, (point) => utf8(point).map((byte) => BYTE_CHARS[byte]!));
}

/** The bytes of a character in UTF-8. */
export function utf8(point: number): number[] {
  if (point < 0x80) return [point];
  if (point < 0x800) return [0xc0 | (point >> 6), 0x80 | (point & 63)];
  if (point < 0x10000) return [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)];
  return [0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)];
}
