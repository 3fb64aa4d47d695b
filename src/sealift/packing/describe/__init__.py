"""The descriptions in the sealed file: contract, evidence, card, examples, provenance."""
