/** A part of a string, each of whose characters has a span of the original string. Positions count characters. */

/** The maximum number of characters of a string, before and after each edit. */
export const MOST_CHARACTERS = 1 << 22;

/** A string, or one that an edit makes of it, takes more work than the format allows. */
export class TooLong extends Error {}

export class Piece {
  /** `token` is the id of an added token; −1 if the model finds the tokens. */
  constructor(
    readonly points: readonly number[],
    readonly starts: readonly number[],
    readonly ends: readonly number[],
    readonly token = -1,
  ) {}

  /** A string without edits. Throws TooLong. */
  static whole(text: string): Piece {
    const points: number[] = [];
    for (const char of text) points.push(char.codePointAt(0)!);
    if (points.length > MOST_CHARACTERS) throw new TooLong();
    return new Piece(
      points,
      points.map((_, i) => i),
      points.map((_, i) => i + 1),
    );
  }

  get text(): string {
    return textOf(this.points);
  }

  part(start: number, end: number, token = -1): Piece {
    return new Piece(
      this.points.slice(start, end),
      this.starts.slice(start, end),
      this.ends.slice(start, end),
      token,
    );
  }

  /** Other characters, each with the span of the character with the index `parents[i]`. Throws TooLong. */
  edited(points: readonly number[], parents: readonly number[]): Piece {
    if (points.length > MOST_CHARACTERS) throw new TooLong();
    return new Piece(
      points,
      parents.map((i) => this.starts[i]!),
      parents.map((i) => this.ends[i]!),
    );
  }
}

/** A string from code points, some of which may be many. */
export function textOf(points: readonly number[]): string {
  if (points.length <= 4096) return String.fromCodePoint(...points);
  let text = "";
  for (let i = 0; i < points.length; i += 4096) text += String.fromCodePoint(...points.slice(i, i + 4096));
  return text;
}

/** The characters of a string. */
export function pointsOf(text: string): number[] {
  return Array.from(text, (char) => char.codePointAt(0)!);
}
