"""What the sealed file says of the model: contract, evidence, card, examples, provenance."""
