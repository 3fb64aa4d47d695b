/**
 * The types of spec/schemas/manifest.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * manifest.json: what is inside, by digest (spec/SEAL.md §4).
 */
export interface Manifest {
  format: 1;
  members: {
    [k: string]: Member;
  };
  name: string;
  opsets: {
    [k: string]: number;
  };
  producer: string;
  task: string;
  version: string;
}
export interface Member {
  sha256: string;
  size: number;
}
