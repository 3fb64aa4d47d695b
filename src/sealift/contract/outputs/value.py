"""`value`: the prediction of a regressor."""

from __future__ import annotations

from sealift.contract.outputs.base import OutputKind


class ValueKind(OutputKind):
    """One number, or one column for each target."""

    name = "value"
    task = "regression"


VALUE = ValueKind()
