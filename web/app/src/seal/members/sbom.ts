/**
 * The types of spec/schemas/sbom.schema.json, made by `npm run schemas`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */

/**
 * sbom.cdx.json: the part of CycloneDX 1.6 (ECMA-424) that Sealift writes; the standard's own schema says what else may stand there. Readers accept other contents.
 */
export interface BillOfMaterials {
  bomFormat: "CycloneDX";
  specVersion: "1.6";
  version: 1;
  metadata: {
    component: Component;
  };
  components: Component[];
  dependencies: {
    ref: string;
    dependsOn: string[];
  }[];
}
export interface Component {
  type: string;
  "bom-ref": string;
  name: string;
  version: string;
  description?: string;
  purl?: string;
  hashes?: {
    alg: string;
    content: string;
  }[];
}
