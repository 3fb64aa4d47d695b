/** Unicode's directional marks, embeddings, overrides and isolates. */
const MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text without marks that change the reading direction. */
export function withoutMarks(text: string): string {
  return text.replace(MARKS, "");
}
