/**
 * A strict reader of the Protocol Buffers wire format, for the messages of ONNX (src/sealift/seal/graph/wire.py).
 * Strings, tensors and lists of numbers are not copied: a field is a span of bytes.
 */
import { exceeded, malformed, refused } from "./refusal";
import { isList, LIMITS, SCHEMAS, type Schema } from "./rules";

/** First byte and end of a field's content. */
export type Span = readonly [number, number];
/** Numbers in a list: their first byte, the end, and the size of the tag before each.  */
export type Run = readonly [number, number, number];

const WIDTH: Record<string, number> = { floats: 4, doubles: 8 };

/** The bytes of a model, and the number of fields that may still be read, which bounds the work of a reader. */
export interface Source {
  readonly data: Uint8Array;
  left: number;
}

/** The fields of a message by name. */
export class Fields {
  private readonly held = new Map<string, unknown>();

  /** Throws E205 for malformed bytes, E208 for a field that is not permitted, E203 beyond the limit. */
  constructor(source: Source, [start, end]: Span, message: string) {
    const { data } = source;
    const schema = SCHEMAS[message]!;
    const bad = (reason: string) => malformed(`${message}: ${reason}`);
    const cursor = new Cursor(data, start, end, bad);
    while (cursor.at < end) {
      if (--source.left < 0) throw tooManyFields();
      const begin = cursor.at;
      const tag = cursor.tag();
      const rule = schema.get(tag);
      if (!rule) throw unexpected(tag, schema, message, bad);
      const { name, kind } = rule;
      if (kind === "refused") throw refused(`${message} with the field ${name}`);
      let value: Span | Run | number;
      if ((tag & 7) === 2) {
        const from = cursor.sized(name);
        value = rule.packed ? packed(data, from, cursor.at, kind, bad) : [from, cursor.at];
      } else if (kind === "int") value = signed(cursor.varint());
      else if (kind === "float") value = cursor.skip(4, name);
      else value = cursor.run(begin, kind);
      if (isList(kind) || kind === "strings" || kind.endsWith("*")) {
        const list = this.held.get(name);
        if (list) (list as unknown[]).push(value);
        else this.held.set(name, [value]);
      } else if (this.held.has(name)) throw bad(`the field ${name} occurs twice`);
      else this.held.set(name, value);
    }
  }

  has(name: string): boolean {
    return this.held.has(name);
  }

  int(name: string): number | undefined {
    return this.held.get(name) as number | undefined;
  }

  span(name: string): Span | undefined {
    return this.held.get(name) as Span | undefined;
  }

  spans(name: string): readonly Span[] {
    return (this.held.get(name) as Span[] | undefined) ?? [];
  }

  runs(name: string): readonly Run[] {
    return (this.held.get(name) as Run[] | undefined) ?? [];
  }
}

/** How many numbers are in these runs; for `ints` the maximum, since each has at least one byte. */
export function length(runs: readonly Run[], kind: string): number {
  return runs.reduce(
    (sum, [start, end, tag]) => sum + Math.floor((end - start) / (tag + (WIDTH[kind] ?? 1))),
    0,
  );
}

/** The numbers of a list of `ints`, which must be a short one. Each counts as a field: throws E203 beyond the limit. */
export function integers(source: Source, runs: readonly Run[]): number[] {
  const values: number[] = [];
  for (const [start, end, tag] of runs) {
    const cursor = new Cursor(source.data, start, end, malformed);
    while (cursor.at < end) {
      cursor.at += tag;
      values.push(signed(cursor.varint()));
    }
  }
  source.left -= values.length;
  if (source.left < 0) throw tooManyFields();
  return values;
}

class Cursor {
  constructor(
    private readonly data: Uint8Array,
    public at: number,
    private readonly end: number,
    private readonly bad: (reason: string) => Error,
  ) {}

  tag(): number {
    const first = this.data[this.at++]!;
    if (first < 128) return first;
    const second = this.at < this.end ? this.data[this.at++]! : 0;
    if (second === 0 || second > 127) throw this.bad("a field has a malformed tag");
    return first + (second << 7) - 128;
  }

  /** An unsigned number of 64 bits: the lower and the upper half. */
  varint(): [number, number] {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 64 && this.at < this.end; shift += 7) {
      const byte = this.data[this.at++]!;
      if (shift === 63 && byte > 1) break;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) return [low >>> 0, high >>> 0];
    }
    throw this.bad("a number is malformed");
  }

  skip(size: number, name: string): Span {
    const start = this.at;
    this.at += size;
    if (this.at > this.end) throw this.bad(`the field ${name} ends outside its message`);
    return [start, this.at];
  }

  /** Skips a content with its length prefix; returns where it begins. */
  sized(name: string): number {
    const [low, high] = this.varint();
    return this.skip(high * 2 ** 32 + low, name)[0];
  }

  /** Skips numbers that each have this tag; the cursor is after the first tag. */
  run(begin: number, kind: string): Run {
    const tag = this.at - begin;
    const width = WIDTH[kind];
    for (;;) {
      if (width === undefined) this.varint();
      else this.skip(width, kind);
      let same = this.at + tag <= this.end;
      for (let i = 0; i < tag && same; i++) same = this.data[this.at + i] === this.data[begin + i];
      if (!same) return [begin, this.at, tag];
      this.at += tag;
    }
  }
}

function packed(
  data: Uint8Array,
  start: number,
  end: number,
  kind: string,
  bad: (reason: string) => Error,
): Run {
  const width = WIDTH[kind];
  if (width !== undefined && (end - start) % width !== 0) throw bad("a list is malformed");
  if (width === undefined) {
    const cursor = new Cursor(data, start, end, bad);
    while (cursor.at < end) cursor.varint();
  }
  return [start, end, 0];
}

/** The signed number of the same 64 bits; beyond 2⁵³ the nearest double, which exceeds every limit as well. */
function signed([low, high]: [number, number]): number {
  return (high | 0) * 2 ** 32 + low;
}

function tooManyFields(): Error {
  return exceeded(`it has more than ${LIMITS.fields} fields`);
}

function unexpected(tag: number, schema: Schema, message: string, bad: (reason: string) => Error): Error {
  for (const [other, { name }] of schema)
    if (other >> 3 === tag >> 3) return bad(`the field ${name} has another type`);
  return refused(`${message} with the field number ${tag >> 3}`);
}
