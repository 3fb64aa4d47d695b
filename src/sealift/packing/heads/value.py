"""`Value`: predicted quantities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.value import VALUE
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Tensor
from sealift.packing.heads.base import Geometry, OutputHead, as_matrix, check_names, matrix


@dataclass(frozen=True, init=False)
class Value(OutputHead):
    """The output contains predicted quantities.

    Attributes:
        names: the names of the quantities, in the order of the model's numbers; None for a single one.

    Raises:
        PackError: E352 for names that cannot be used.
    """

    names: tuple[str, ...] | None
    kinds = (VALUE.name,)

    def __init__(self, names: Sequence[str] | None = None) -> None:
        object.__setattr__(self, "names", None if names is None else check_names("Value", names))

    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """The numbers, float64 (N, k); (N,) for one quantity."""
        del geometry
        count = 1 if self.names is None else len(self.names)
        numbers = matrix(raw[0], count, "Value")
        if count == 1:
            about = {} if self.names is None else {"title": self.names[0]}
            return [NamedOutput(names[0], numbers.op("Reshape", np.array([-1]), shape=(None,)), VALUE.name, about)]
        return [NamedOutput(names[0], numbers, VALUE.name, {"columns": self.names})]

    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """As `attach`."""
        del geometry
        numbers = as_matrix(raw[0])
        return [numbers[:, 0] if numbers.shape[1] == 1 else numbers]
