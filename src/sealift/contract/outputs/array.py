"""`array`: numbers with several axes, such as the pixels of a reconstructed image, as the model returns them."""

from __future__ import annotations

from sealift.contract.outputs.base import OutputKind


class ArrayKind(OutputKind):
    """Numbers (N, ...) with the dimensions of `shape`."""

    name = "array"
    capability = "output:array/1"
    dtypes = ("float64", "int64", "bool")
    has_axes = True


ARRAY = ArrayKind()
