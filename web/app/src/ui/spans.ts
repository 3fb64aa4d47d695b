/** The labelled parts of a text, as they are marked in it. */
import type { Contract } from "../contract/contract";
import { kindOf } from "../contract/outputs";
import type { Span } from "../contract/outputs/tokenSpans";
import type { Answer } from "../engine/protocol";
import { plain } from "./plain";

export interface TextPart {
  text: string;
  /** The index of its span; null for text between spans. */
  span: number | null;
}

/** The spans of an answer; null if the model has none. Those of several outputs have the output's title in their label. */
export function spansIn(contract: Contract, answers: readonly Answer[]): Span[] | null {
  const parts = contract.outputs.flatMap((output, i) => {
    const spans = kindOf(output).spans(output, answers[i]!.data);
    return spans ? [{ spans, title: output.title || output.name }] : [];
  });
  if (parts.length === 0) return null;
  const name = (title: string, label: string) => plain(parts.length > 1 ? `${title}: ${label}` : label);
  return parts
    .flatMap(({ spans, title }) => spans.map((span) => ({ ...span, label: name(title, span.label) })))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

/** A text in parts that together are the text. Of overlapping spans, the earlier one is marked as far as it goes. */
export function markedParts(text: string, spans: readonly Span[]): TextPart[] {
  const chars = [...text];
  const part = (start: number, end: number) => chars.slice(start, end).join("");
  const parts: TextPart[] = [];
  let done = 0;
  spans.forEach(({ start, end }, i) => {
    const from = Math.max(start, done);
    if (end <= from) return;
    if (from > done) parts.push({ text: part(done, from), span: null });
    parts.push({ text: part(from, end), span: i });
    done = end;
  });
  if (done < chars.length) parts.push({ text: part(done, chars.length), span: null });
  return parts;
}

/** The text of a span. */
export function textIn(text: string, { start, end }: Span): string {
  return [...text].slice(start, end).join("");
}
