"""`sealift demo`: train, seal, verify, sign and predict on real data, and compare the page's answers with the model."""

from sealift.demo.run import KINDS, Result, run

__all__ = ["KINDS", "Result", "run"]
