/** One tokenizer stage: converts a string to token ids (spec/TOKENIZER.md; stages/tokenizer/stage.py). */
import { flag, items, keys, Malformed, OBJECTS } from "../read";
import { addedTokens } from "./added";
import { charSet, type CharSet } from "./charSet";
import { BYTE_CHARS, editOf, type Edit } from "./edits";
import { modelOf } from "./models";
import { MOST_IDS, Vocabulary, type TokenSpan, type Model } from "./models/vocabulary";
import { Piece, pointsOf } from "./piece";
import { tokenPlaces } from "./places";
import { split } from "./split";
import {
  paddingOf,
  templateOf,
  truncationOf,
  type Padding,
  type Template,
  type Truncation,
} from "./template";

export const DATA = [
  "added",
  "added_after",
  "model",
  "normalizer",
  "space",
  "splitter",
  "vocabulary",
  "word",
] as const;
const REQUIRED = ["model", "vocabulary", "template", "type"];
const OPTIONAL = [...DATA.filter((key) => !REQUIRED.includes(key)), "truncation", "padding", "trim", "spans"];
const MOST_STEPS = 64;

/** The tokens of a string, without padding. Spans count characters; those of the template are [0, 0]. */
export interface Encoding {
  ids: number[];
  types: number[];
  spans: [number, number][];
  /** The number of tokens that truncation removed. */
  cut: number;
  /** The number of tokens that are the unknown token, those that were cut included. */
  unknown: number;
}

export class TokenizerStage {
  readonly padding: Padding | undefined;
  readonly truncation: Truncation | undefined;
  /** The places of the tokens of a string; absent if the graph does not need them. */
  readonly places: ((text: string, tokens: Encoding) => number[]) | undefined;
  private readonly vocabulary: Vocabulary;
  private readonly model: Model;
  private readonly unknown: number | undefined;
  private readonly isSpace: CharSet;
  private readonly added: (piece: Piece) => Piece[];
  private readonly addedAfter: (piece: Piece) => Piece[];
  private readonly normalizer: readonly Edit[];
  private readonly splitter: readonly ((piece: Piece) => Piece[])[];
  private readonly template: Template;
  private readonly trim: { prefix: boolean } | undefined;

  /** Throws Malformed. */
  constructor(raw: unknown) {
    const spec = keys(raw, REQUIRED, OPTIONAL);
    this.vocabulary = new Vocabulary(spec["vocabulary"]);
    ({ model: this.model, unknown: this.unknown } = modelOf(spec["model"], this.vocabulary));
    const isWord = charSet(spec["word"] ?? []);
    this.isSpace = charSet(spec["space"] ?? []);
    this.added = addedTokens(spec["added"] ?? [], isWord, this.isSpace, MOST_IDS);
    this.addedAfter = addedTokens(spec["added_after"] ?? [], isWord, this.isSpace, MOST_IDS);
    this.normalizer = items(spec["normalizer"] ?? [], OBJECTS, MOST_STEPS).map((step) =>
      editOf(...only(step)),
    );
    this.splitter = items(spec["splitter"] ?? [], OBJECTS, MOST_STEPS).map(stepOf);
    this.template = templateOf(spec["template"], spec["type"], MOST_IDS);
    const special = this.template.before.length + this.template.after.length;
    if ("truncation" in spec) this.truncation = truncationOf(spec["truncation"], special);
    if ("padding" in spec) this.padding = paddingOf(spec["padding"], MOST_IDS);
    if ("trim" in spec) this.trim = { prefix: flag(keys(spec["trim"], ["prefix"])["prefix"], "prefix") };
    if ("spans" in spec) {
      const added = ["added_after", "added"].flatMap((key) => (spec[key] ?? []) as unknown[][]);
      const places = tokenPlaces(spec["spans"], this.vocabulary, added, this.unknown);
      const { before, after } = this.template;
      this.places = (text, tokens) => places(text, tokens, before.length, after.length);
    }
  }

  /** The tokens of a string. Throws TooLong. */
  encode(text: string): Encoding {
    let [tokens, values] = this.tokens(text);
    const unknown = this.unknown === undefined ? 0 : tokens.filter(([id]) => id === this.unknown).length;
    const cut = this.truncation ? Math.max(0, tokens.length - this.truncation.most) : 0;
    if (cut > 0) {
      const [start, end] = this.truncation!.left ? [cut, tokens.length] : [0, tokens.length - cut];
      [tokens, values] = [tokens.slice(start, end), values.slice(start, end)];
    }
    const { before, after, type } = this.template;
    const spans = tokens.map(([, start, end], i) => this.trimmed(i, values[i], start, end));
    const none = (side: readonly unknown[]) => side.map((): [number, number] => [0, 0]);
    return {
      ids: [...before.map(([id]) => id), ...tokens.map(([id]) => id), ...after.map(([id]) => id)],
      types: [...before.map(([, kind]) => kind), ...tokens.map(() => type), ...after.map(([, kind]) => kind)],
      spans: [...none(before), ...spans, ...none(after)],
      cut,
      unknown,
    };
  }

  /** What makes an answer less reliable, such as "3 of 8 tokens cut off"; empty if nothing does. */
  caution({ ids, cut, unknown }: Encoding): string {
    const count = ids.length - this.template.before.length - this.template.after.length + cut;
    const parts = [];
    if (cut) parts.push(`${cut} of ${count} tokens cut off`);
    if (unknown) parts.push(`${unknown} of ${count} tokens unknown to the model`);
    return parts.join(" and ");
  }

  /** The tokens with their spans before truncation, and what each of them stands for, where spans are trimmed. */
  private tokens(text: string): [TokenSpan[], (readonly number[])[]] {
    let pieces: Piece[] = [];
    for (const piece of this.added(Piece.whole(text))) {
      if (piece.token >= 0) pieces.push(piece);
      else
        for (const part of this.addedAfter(this.normalizer.reduce((edited, edit) => edit(edited), piece)))
          pieces.push(part);
    }
    for (const step of this.splitter) {
      const parts: Piece[] = [];
      for (const piece of pieces)
        for (const part of piece.token >= 0 ? [piece] : step(piece))
          if (part.points.length > 0) parts.push(part);
      pieces = parts;
    }
    const tokens: TokenSpan[] = [];
    const values: (readonly number[])[] = [];
    for (const { points, starts, ends, token } of pieces) {
      if (token >= 0) {
        tokens.push([token, starts[0]!, ends.at(-1)!]);
        if (this.trim) values.push(points);
        continue;
      }
      for (const [id, start, end] of this.model(points)) {
        tokens.push([id, starts[start]!, ends[end - 1]!]);
        if (this.trim) values.push(pointsOf(this.vocabulary.texts.get(id)!));
      }
    }
    return [tokens, values];
  }

  /** A span without the white space at both ends of its token (the post-processor ByteLevel). */
  private trimmed(
    place: number,
    value: readonly number[] | undefined,
    start: number,
    end: number,
  ): [number, number] {
    if (!this.trim || !value) return [start, end];
    const [left, right] = [this.blanks(value), this.blanks([...value].reverse())];
    // One space at the beginning is the prefix.
    if (left && !(left === 1 && this.trim.prefix && (place === 0 || start === 0)))
      start = Math.min(start + left, end);
    if (right && end >= right) end = Math.max(end - right, start);
    return [start, end];
  }

  private blanks(value: readonly number[]): number {
    const other = value.findIndex((point) => point !== BYTE_CHARS[0x20] && !this.isSpace(point));
    return other < 0 ? value.length : other;
  }
}

function only(raw: Record<string, unknown>): [string, unknown] {
  const [entry, ...others] = Object.entries(raw);
  if (!entry || others.length > 0) throw new Malformed("a step must have exactly one key");
  return entry;
}

function stepOf(raw: Record<string, unknown>): (piece: Piece) => Piece[] {
  const [name, value] = only(raw);
  if (name === "split") return split(value);
  const edit = editOf(name, value);
  return (piece) => [edit(piece)];
}
