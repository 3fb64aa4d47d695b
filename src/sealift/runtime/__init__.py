"""Sealed model + rows → predictions, and the self-test."""

from sealift.runtime.engine import Engine
from sealift.runtime.golden import Examples, SelfTest, Tolerance, matches, self_test
from sealift.runtime.model import SealedModel, load
from sealift.runtime.trial import Verification, verify

__all__ = [
    "Engine",
    "Examples",
    "SealedModel",
    "SelfTest",
    "Tolerance",
    "Verification",
    "load",
    "matches",
    "self_test",
    "verify",
]
