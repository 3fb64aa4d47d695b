"""Weights: constants of a graph whose elements are members of the sealed file, passed to ONNX Runtime as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.seal import Seal

# The codes of onnx.TensorProto.DataType.
_DTYPES = {1: "f4", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 10: "f2", 11: "f8", 12: "u4", 13: "u8"}
# ONNX Runtime changes constants when it moves transpositions, but cannot change memory that it does not own. So a graph
# with Transpose gets copies; for other graphs that optimizer is off, because it treats some reshapes as transpositions.
_TRANSPOSING = ("TransposeOptimizer", "TransposeOptimizer_CPUExecutionProvider")


class Weights:
    """The weights of a graph.

    Attributes:
        arrays: name of the constant → its elements, as views of the file.
        shared: whether ONNX Runtime uses the memory of the file, instead of a copy.
        members: name in the graph → the member of the file.
    """

    def __init__(
        self,
        arrays: Mapping[str, npt.NDArray[Any]],
        *,
        shared: bool,
        members: Mapping[str, bytes | memoryview] = MappingProxyType({}),
    ) -> None:
        self.arrays = arrays
        self.members = members
        self.shared = shared
        self._values: list[Any] = []

    @classmethod
    def of(cls, seal: Seal) -> Weights | None:
        """The weights of a checked file; None where it has none."""
        arrays = {
            name: array_of(seal.members[weight.member], weight.element, weight.shape)
            for name, weight in seal.graph.weights.items()
        }
        if not arrays:
            return None
        members = {weight.member: seal.members[weight.member] for weight in seal.graph.weights.values()}
        return cls(arrays, shared=not seal.graph.transposes, members=members)

    @property
    def size(self) -> int:
        """The total size in bytes."""
        return sum(array.nbytes for array in self.arrays.values())

    @property
    def disabled(self) -> tuple[str, ...]:
        """The optimizers of ONNX Runtime that must be disabled in a session with these weights."""
        return _TRANSPOSING if self.shared else ()

    def give(self, options: Any) -> None:
        """Add them to the options of a session (onnxruntime.SessionOptions).

        They are added by name, so that ONNX Runtime opens no file whose path is in the graph.
        """
        import onnxruntime as ort

        self._values = [ort.OrtValue.ortvalue_from_numpy(array) for array in self.arrays.values()]
        options.add_external_initializers(list(self.arrays), self._values)
        if self.shared:
            for name, value in zip(self.arrays, self._values, strict=True):
                options.add_initializer(name, value)


def element_size(element: int) -> int:
    """Bytes of an element type; 0 for one that weights outside the graph cannot have."""
    return np.dtype(_DTYPES[element]).itemsize if element in _DTYPES else 0


def array_of(data: bytes | memoryview, element: int, shape: Sequence[int]) -> npt.NDArray[Any]:
    """The elements of a weight as an array that shares its memory."""
    return np.frombuffer(data, dtype=f"<{_DTYPES[element]}").reshape(shape)
