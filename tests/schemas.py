"""The JSON Schema of each JSON member, by the member's name: a file of spec/schemas."""

MEMBERS = {
    "contract.json": "contract",
    "evidence.json": "evidence",
    "golden/examples.json": "golden-examples",
    "manifest.json": "manifest",
    "provenance.json": "provenance",
    "reference/background.json": "background",
    "reference/sketches.json": "sketches",
    "sbom.cdx.json": "sbom",
    "signature.json": "signature",
}
