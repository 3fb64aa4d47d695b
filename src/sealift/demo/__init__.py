"""`sealift demo`: train, seal, verify, sign and predict on real data, and compare the page's answers with the model."""

from sealift.demo.run import Result, run

__all__ = ["Result", "run"]
