/**
 * The types of spec/schemas/signature.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * signature.json: a DSSE envelope over an in-toto statement (spec/SEAL.md §5).
 */
export interface Envelope {
  payload: string;
  payloadType: "application/vnd.in-toto+json";
  /**
   * @minItems 1
   * @maxItems 64
   */
  signatures: Signature[];
}
export interface Signature {
  keyid: string;
  sig: string;
}
