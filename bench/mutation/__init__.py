"""Mutation testing: small changes of the sources that a test must notice (docs/mutation.md)."""
