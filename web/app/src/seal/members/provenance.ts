/**
 * The types of spec/schemas/provenance.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * provenance.json: where the model comes from. Readers accept other contents.
 */
export interface Provenance {
  model: {
    type: string;
  };
  data: {
    rows: number;
    columns: number;
    sha256: string;
  };
  git: {
    commit: string;
    dirty: boolean;
  } | null;
  packages: {
    [k: string]: string;
  };
  platform: {
    python: string;
    system: string;
    machine: string;
  };
}
