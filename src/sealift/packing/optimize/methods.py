"""The methods by which a graph becomes smaller or faster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy.typing as npt
import onnx

from sealift.packing.optimize import folding, quantizing, weights

Feeds: TypeAlias = Iterable[Mapping[str, npt.NDArray[Any]]]


class Method(NamedTuple):
    """A method.

    Attributes:
        title: what it does, for tables.
        apply: changes a model, whose constants are inside; None where it would change nothing. The second argument
            yields the inputs of the graph for some rows, for methods that measure the range of intermediate values.
    """

    title: str
    apply: Callable[[onnx.ModelProto, Feeds], onnx.ModelProto | None]


METHODS: Mapping[str, Method] = {
    "fold": Method("constants computed in advance, nodes without effect removed", folding.folded),
    "float16-weights": Method("weights stored as float16", weights.float16),
    "bfloat16-weights": Method("weights stored as bfloat16", weights.bfloat16),
    "int8-weights": Method("weights stored as int8, one scale per channel", weights.int8),
    "int8-dynamic": Method("products of matrices in int8, ranges measured for each row", quantizing.dynamic),
    "int8-static": Method("layers in int8, ranges measured in advance", quantizing.static),
}
"""The methods by name."""
