"""Predictions of a sealed model, and the self-test."""

from sealift.contract.outputs import Tolerance, matches
from sealift.runtime.answers import Answers
from sealift.runtime.engine import Engine
from sealift.runtime.golden import Examples, SelfTest, self_test
from sealift.runtime.isolated import AnyEngine, IsolatedEngine, confined, open_engine
from sealift.runtime.limits import Limits
from sealift.runtime.model import SealedModel, load
from sealift.runtime.trial import Verification, verify

__all__ = [
    "Answers",
    "AnyEngine",
    "Engine",
    "Examples",
    "IsolatedEngine",
    "Limits",
    "SealedModel",
    "SelfTest",
    "Tolerance",
    "Verification",
    "confined",
    "load",
    "matches",
    "open_engine",
    "self_test",
    "verify",
]
