"""`features`: the output of a transformer."""

from __future__ import annotations

from sealift.contract.outputs.base import OutputKind


class Features(OutputKind):
    """One column for each feature."""

    name = "features"


FEATURES = Features()
