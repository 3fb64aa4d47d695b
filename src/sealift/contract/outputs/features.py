"""`features`: what a transformer gives."""

from __future__ import annotations

from sealift.contract.outputs.base import OutputKind


class Features(OutputKind):
    """One column for each feature."""

    name = "features"


FEATURES = Features()
