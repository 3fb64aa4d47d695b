"""`Embedding`: a vector for each row, for similarity and search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.features import FEATURES
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Tensor
from sealift.packing.heads.base import Geometry, OutputHead, as_matrix, matrix, unusable

_SMALLEST = 1e-12
"""Shorter vectors are divided by this length, as by torch.nn.functional.normalize."""


@dataclass(frozen=True)
class Embedding(OutputHead):
    """The output is a vector.

    Attributes:
        normalize: whether it is divided by its Euclidean length, so that products of vectors are cosine similarities.
    """

    normalize: bool = False
    kinds = (FEATURES.name,)

    def __post_init__(self) -> None:
        if not isinstance(self.normalize, bool):
            raise unusable("Embedding", "normalize must be True or False", "Use Embedding(normalize=True).")

    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """The vector, float64 (N, k)."""
        del geometry
        vector = matrix(raw[0], None, "Embedding")
        if self.normalize:
            squares = (vector * vector).op("ReduceSum", np.array([1]), shape=(None, 1), keepdims=1)
            vector = vector / squares.op("Sqrt").op("Max", np.array([[_SMALLEST]]))
        return [NamedOutput(names[0], vector, FEATURES.name)]

    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """As `attach`."""
        del geometry
        vector = as_matrix(raw[0])
        if self.normalize:
            vector = vector / np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), _SMALLEST)
        return [vector]
