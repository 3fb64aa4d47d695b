"""The inputs and outputs of an ONNX model, and which of the known forms its outputs have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from sealift.errors import PackError

# The dtype in the sealed graph; integers become int64, and narrow floats float32.
_DTYPES: dict[int, str] = {
    **dict.fromkeys((TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16), "float32"),
    TensorProto.DOUBLE: "float64",
    **dict.fromkeys((TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64), "int64"),
    **dict.fromkeys((TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32), "int64"),
    TensorProto.STRING: "object",
    TensorProto.BOOL: "bool",
}
_PLAIN = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL})
_OLDEST = 13  # from here on the operators that we add mean the same


@dataclass(frozen=True)
class GraphPort:
    """An input or output: its dimensions after the rows, None where the size is not fixed, and their names.

    Attributes:
        name: its name.
        dtype: its dtype in the sealed graph; empty where there is none.
        element: the type of its elements in the model, a code of `onnx.TensorProto.DataType`.
        shape: the sizes.
        called: the names of the sizes; empty where a size has none.
        fixed: the number of rows, where the model states it.
    """

    name: str
    dtype: str
    element: int
    shape: tuple[int | None, ...]
    called: tuple[str, ...]
    fixed: int | None = None

    @classmethod
    def of(cls, value: onnx.ValueInfoProto) -> GraphPort:
        """The port that an entry of the graph's inputs or outputs describes."""
        kind = value.type.tensor_type
        dims = [d.dim_value or None for d in kind.shape.dim]
        called = [d.dim_param for d in kind.shape.dim]
        rows = dims[0] if dims else None
        return cls(
            value.name, _DTYPES.get(kind.elem_type, ""), kind.elem_type, tuple(dims[1:]), tuple(called[1:]), rows
        )

    @property
    def width(self) -> int | None:
        """The number of columns of a matrix; None where it is not fixed."""
        return self.shape[0] if self.shape else None

    @property
    def is_plain(self) -> bool:
        """Whether its elements have its dtype, so that no cast is needed."""
        return self.element in _PLAIN

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The dtype of NumPy in which ONNX Runtime takes it."""
        return np.dtype(object) if self.dtype == "object" else helper.tensor_dtype_to_np_dtype(self.element)

    @property
    def is_floating(self) -> bool:
        """Whether it has floats."""
        return self.dtype.startswith("float")

    @property
    def is_flat(self) -> bool:
        """Whether it has one value for each row."""
        return self.shape in ((), (1,))

    @property
    def is_matrix(self) -> bool:
        """Whether it has the shape (N,), or (N, k) with a fixed k."""
        return not self.shape or (len(self.shape) == 1 and self.shape[0] is not None)

    @property
    def sizes(self) -> tuple[int | str, ...]:
        """The dimensions as in a field's dtype: sizes, and distinct names in lower case."""
        names: list[str] = []
        spelled: list[int | str] = []
        for place, (size, name) in enumerate(zip(self.shape, self.called, strict=True)):
            plain = re.sub("[^a-z_]", "", name.lower()).strip("_")[:20] or "size"
            chosen = plain if plain not in names else f"{plain}_{chr(ord('a') + place)}"
            names.append(chosen)
            spelled.append(chosen if size is None else size)
        return tuple(spelled)


def label_of(outputs: Sequence[GraphPort]) -> GraphPort | None:
    """The output of labels of a classifier: a model with one such output and one matrix of floats."""
    labels = [port for port in outputs if port.dtype in ("int64", "object") and port.is_flat]
    numbers = [port for port in outputs if port.is_floating and len(port.shape) < 2]
    return labels[0] if len(outputs) == 2 and len(labels) == len(numbers) == 1 else None


def are_named(outputs: Sequence[GraphPort]) -> bool:
    """Whether they keep their names: neither a classifier's label and probabilities, nor one matrix of floats."""
    single = len(outputs) == 1 and outputs[0].is_floating and len(outputs[0].shape) < 2
    return not single and label_of(outputs) is None


def check(proto: onnx.ModelProto, inputs: Sequence[GraphPort], outputs: Sequence[GraphPort], *, arrays: bool) -> None:
    """Raise PackError E302 for inputs, outputs or operators that cannot be sealed.

    Args:
        proto: the model.
        inputs, outputs: its ports.
        arrays: whether it takes arrays.
    """
    for value in [*proto.graph.input, *proto.graph.output]:
        if not value.type.HasField("tensor_type"):
            raise refused(
                f"{value.name!r} is not a tensor", "Export with zipmap=False, so that every output is a tensor."
            )
    if any(port.dtype == "object" and len(port.shape) > 1 for port in inputs):
        raise refused("an input of strings has more than two dimensions", "Export it with one string a row.")
    if any(port.dtype == "object" and not port.is_matrix for port in outputs):
        raise refused("an output of strings has more than two dimensions", "Export the indices of the strings.")
    if any(not port.dtype for port in [*inputs, *outputs]):
        raise refused(
            "a tensor contains neither numbers nor strings", "Export it with float32, float64, int64 or string."
        )
    fixed = next((port for port in inputs if (port.fixed or 1) > 1 or (port.fixed == 1 and arrays)), None)
    if fixed is not None:
        raise refused(
            f"its input {fixed.name!r} has a fixed number of rows, {fixed.fixed}",
            "Export it with a free first dimension: torch.onnx.export(…, dynamic_shapes=…), or dynamic=True in "
            "Ultralytics.",
        )
    if not arrays and len(inputs) == 1 and inputs[0].width is None:
        raise refused("the width of its input is not declared", "Export it with a fixed number of columns.")
    opsets = {entry.domain: entry.version for entry in proto.opset_import}
    if set(opsets) - {"", "ai.onnx.ml"} or proto.functions:
        raise refused("it uses non-standard operators", "Export it with standard operators.")
    if opsets.get("", _OLDEST) < _OLDEST:
        raise refused(f"it was made for operator set {opsets['']}", f"Export it for operator set {_OLDEST} or newer.")


def refused(what: str, fix: str) -> PackError:
    """The error E302 for a model that cannot be sealed."""
    return PackError("E302", f"The ONNX model cannot be sealed: {what}.", where="OnnxModel", fix=fix)
