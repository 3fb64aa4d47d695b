"""An ONNX model exported by another tool: its graph is kept unchanged, behind the contract's inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import compose, shape_inference

from sealift.errors import PackError, SealError
from sealift.frameworks.base import ArrayInput
from sealift.frameworks.registry import converter, unsealable
from sealift.graph.builder import Tensor
from sealift.graph.constant_folding import strip
from sealift.graph.split_model import SplitModel, elements, split
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table
from sealift.runtime import IsolatedEngine, Limits
from sealift.seal.graph import check as check_graph

_PREFIX = "m_"
_OLDEST = 13  # from here on the operators that we add mean the same
_OLDEST_IR = 4  # from here on constants need not be inputs
_DTYPES = {1: "float32", 6: "int64", 7: "int64", 8: "object", 9: "bool", 11: "float64"}
_LABELS = ("classlabels_int64s", "classlabels_ints", "classlabels_strings")


@dataclass(frozen=True)
class _Port:
    """An input or output: its dimensions after the rows, None where the size is not fixed, and their names."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    called: tuple[str, ...]

    @property
    def width(self) -> int | None:
        """The number of columns of a matrix; None where it is not fixed."""
        return self.shape[0] if self.shape else None


class OnnxModel:
    """An ONNX model, asked as scikit-learn's are: the original that the sealed graph is compared with.

    The file may come from anywhere. So its graph is checked as that of a sealed file is, and runs in a process of its
    own; `pack` and `doctor` run what they make of it in such processes too.

    Attributes:
        limits: limits of time and memory for these processes.
        split: the model, with its large constants separate from the graph.
        n_features_in_: the number of columns, unless it takes arrays.
        classes_: the class labels of a classifier.
    """

    def __init__(self, model: Path | str | onnx.ModelProto, *, limits: Limits | None = None) -> None:
        """Take a model, or read a file.

        Raises:
            PackError: E308 when it is not an ONNX model, E302 when its interface or its operators cannot be sealed.
            SealError: E207 when it cannot be run here, E210 when loading it exceeds a limit.
        """
        self.limits = limits or Limits()
        is_proto = isinstance(model, onnx.ModelProto)
        try:
            if isinstance(model, onnx.ModelProto):
                onnx.checker.check_model(model)
                proto = onnx.ModelProto()
                proto.CopyFrom(model)  # which is changed below
            else:
                onnx.checker.check_model(str(model))  # a loaded model would be serialized for it, and copied twice
                proto = onnx.load(str(model))
            strip(proto.graph)
            self.split = split(proto)
        except Exception as error:  # protobuf and the checker raise classes of their own
            raise PackError(
                "E308",
                f"The {'object' if is_proto else 'file'} is not a valid ONNX model: {_one_line(error)}.",
                where=type(model).__name__ if is_proto else str(model),
                fix="Export it again; files with external weights must be in the same folder.",
            ) from error
        proto = self.split.proto
        proto.ClearField("metadata_props")
        proto.ir_version = max(proto.ir_version, _OLDEST_IR)
        body = proto.graph
        held = {weight.name for weight in body.initializer}
        inputs = [value for value in body.input if value.name not in held]  # up to IR 3 they name constants too
        del body.input[:]
        body.input.extend(inputs)
        self.inputs = [_port(value) for value in inputs]
        self.outputs = [_port(value) for value in body.output]
        _check(self, proto)
        _check_operators(self.split)
        self.split = SplitModel(shape_inference.infer_shapes(proto), self.split.members)
        self._engine = IsolatedEngine(self.split.serialized, limits=self.limits, threads=1, weights=self.split.weights)
        if self.arrays is None:
            self.n_features_in_ = sum(port.width or 1 for port in self.inputs)
        if self.label is not None:
            self.classes_ = _classes(self.split, self.wide, text=self.label.dtype == "object")
            self.predict_proba = self._probability

    @property
    def arrays(self) -> tuple[ArrayInput, ...] | None:
        """The inputs of a model that takes arrays: one has three dimensions or more, or a named size."""
        if not any(len(port.shape) > 1 or any(port.called) for port in self.inputs):
            return None
        return tuple(ArrayInput(port.name, _spelled(port)) for port in self.inputs)

    @property
    def label(self) -> _Port | None:
        """The output of labels; None unless the model is a classifier."""
        return next((port for port in self.outputs if port.dtype in ("int64", "object")), None)

    @property
    def wide(self) -> _Port:
        """The output of numbers: probabilities, or values."""
        return next(port for port in self.outputs if port.dtype.startswith("float"))

    def predict(self, X: Any) -> Any:
        """Labels (N,), or values (N,) or (N, k)."""
        return self._run(X)[(self.label or self.wide).name]

    def _probability(self, X: Any) -> Any:
        return self._run(X)[self.wide.name]

    def _run(self, X: Any) -> dict[str, Any]:
        fed = self._columns(X) if self.arrays is None else self._arrays(X)
        return {name: _narrow(array) for name, array in self._engine.run(fed).items()}

    def _arrays(self, X: Any) -> dict[str, Any]:
        """The inputs from an array or a dict of arrays. Raises ValueError if an integer is missing."""
        given = X if isinstance(X, Mapping) else {self.inputs[0].name: X}
        arrays = {port.name: np.asarray(given[port.name]) for port in self.inputs}
        if any(not np.isfinite(arrays[port.name]).all() for port in self.inputs if not port.dtype.startswith("float")):
            raise ValueError("an input of integers or booleans must not have missing values")
        return {port.name: arrays[port.name].astype(port.dtype) for port in self.inputs}

    def _columns(self, X: Any) -> dict[str, Any]:
        rows = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
        fed: dict[str, Any] = {}
        start = 0
        for port in self.inputs:
            width = port.width or 1
            part = rows[:, start : start + width]
            start += width
            fed[port.name] = part.astype(object if port.dtype == "object" else port.dtype)
        return fed


@converter(OnnxModel)
def existing(step: OnnxModel, x: Table) -> StepOutput:
    """The graph itself, fed with the columns in its own order and types."""
    graph = x.graph
    body = compose.add_prefix(step.split.proto, _PREFIX).graph
    fed = _columns(step, x) if step.arrays is None else _arrays(step, x)
    for name, tensor in fed.items():
        body.node.insert(0, onnx.helper.make_node("Identity", [tensor.materialize().name], [_PREFIX + name]))
    graph.opsets = {entry.domain: entry.version for entry in step.split.proto.opset_import}
    graph.adopt(body, step.split.members)
    wide = _laid(x, step.wide)
    if step.label is None:
        return StepOutput(value=wide)
    return StepOutput(label=_laid(x, step.label), classes=step.classes_, probability=wide)


def _columns(step: OnnxModel, x: Table) -> dict[str, Tensor]:
    """The inputs from columns, in their order."""
    if x.width != step.n_features_in_:
        raise refuse(f"It takes {step.n_features_in_} columns, not {x.width}.", "Give the columns it was made for.")
    fed = {}
    start = 0
    for port in step.inputs:
        width = port.width or 1
        part = x.select(range(start, start + width))
        start += width
        fed[port.name] = _texts(part) if port.dtype == "object" else part.numbers().cast(port.dtype)
    return fed


def _arrays(step: OnnxModel, x: Table) -> dict[str, Tensor]:
    """The inputs from columns of arrays or of numbers."""
    pairs = zip(step.inputs, x.each(), strict=True)
    return {
        port.name: (block.values if port.shape else block.values.vector()).cast(port.dtype) for port, block in pairs
    }


def _laid(x: Table, port: _Port) -> Tensor:
    if port.dtype.startswith("float") and port.width not in (None, 1):
        return Tensor(x.graph, _PREFIX + port.name, port.dtype, (None, port.width))
    flat = Tensor(x.graph, _PREFIX + port.name, port.dtype, (None, 1))
    return flat.op("Reshape", np.array([-1]), shape=(None,))


def _texts(part: Table) -> Tensor:
    if any(not block.is_text for block in part.blocks):
        raise refuse("It takes strings in a column that contains numbers.", "Give that column as strings.")
    return part.blocks[0].values


def _spelled(port: _Port) -> tuple[int | str, ...]:
    """The dimensions as in a field's dtype: sizes, and distinct names in lower case."""
    names: list[str] = []
    spelled: list[int | str] = []
    for place, (size, name) in enumerate(zip(port.shape, port.called, strict=True)):
        plain = re.sub("[^a-z_]", "", name.lower()).strip("_")[:24] or "size"
        chosen = plain if plain not in names else f"{plain}_{chr(ord('a') + place)}"
        names.append(chosen)
        spelled.append(chosen if size is None else size)
    return tuple(spelled)


def _port(value: onnx.ValueInfoProto) -> _Port:
    kind = value.type.tensor_type
    dims = [d.dim_value or None for d in kind.shape.dim]
    called = [d.dim_param for d in kind.shape.dim]
    return _Port(value.name, _DTYPES.get(kind.elem_type, ""), tuple(dims[1:]), tuple(called[1:]))


def _check(model: OnnxModel, proto: onnx.ModelProto) -> None:
    for value in [*proto.graph.input, *proto.graph.output]:
        if not value.type.HasField("tensor_type"):
            raise _refused(
                f"{value.name!r} is not a tensor", "Export with zipmap=False, so that every output is a tensor."
            )
    if any(len(port.shape) > 1 for port in model.outputs):
        raise _refused("an output has more than two dimensions", "Export outputs of the shape (rows, numbers).")
    if any(port.dtype == "object" and len(port.shape) > 1 for port in model.inputs):
        raise _refused("an input of strings has more than two dimensions", "Export it with one string a row.")
    if any(not port.dtype for port in [*model.inputs, *model.outputs]):
        raise _refused(
            "a tensor contains neither numbers nor strings", "Export it with float32, float64, int64 or string."
        )
    if not any(port.dtype.startswith("float") for port in model.outputs):
        raise _refused("it has no output of numbers", "Export the probabilities too.")
    if len(model.outputs) > 2 or (len(model.outputs) == 2 and model.label is None):
        raise _refused("it has more outputs than a label and probabilities", "Export only those.")
    if model.arrays is None and len(model.inputs) == 1 and model.inputs[0].width is None:
        raise _refused("the width of its input is not declared", "Export it with a fixed number of columns.")
    opsets = {entry.domain: entry.version for entry in proto.opset_import}
    if set(opsets) - {"", "ai.onnx.ml"} or proto.functions:
        raise _refused("it uses non-standard operators", "Export it with standard operators.")
    if opsets.get("", _OLDEST) < _OLDEST:
        raise _refused(f"it was made for operator set {opsets['']}", f"Export it for operator set {_OLDEST} or newer.")


def _check_operators(model: SplitModel) -> None:
    """Check the operators before ONNX Runtime or shape inference; constants are folded later, in another process."""
    try:
        check_graph(bytes(model.proto.SerializeToString()), model.sizes, folded=False)
    except SealError as error:
        raise unsealable(error, "OnnxModel") from None


def _classes(model: SplitModel, wide: _Port, *, text: bool) -> Any:
    """The classes in the order of the probabilities: a classifier's attribute, or the constant that labels are from."""
    graph = model.proto.graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in _LABELS and (attribute.strings if text else attribute.ints):
                return np.array([s.decode() for s in attribute.strings] if text else list(attribute.ints))
    taken = {node.input[0] for node in graph.node if node.op_type in ("ArrayFeatureExtractor", "Gather")}
    for weight in (weight for weight in graph.initializer if weight.name in taken):
        values = elements(weight, model.members).reshape(-1)
        if len(values) == wide.width and (values.dtype.kind in "OSU") == text:
            return np.array([v.decode() if isinstance(v, bytes) else v for v in values.tolist()])
    if wide.width is None or text:
        raise _refused("it does not contain its classes", "Export it with the class labels.")
    return np.arange(wide.width)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _narrow(array: Any) -> Any:
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _refused(what: str, fix: str) -> PackError:
    return PackError("E302", f"The ONNX model cannot be sealed: {what}.", where="OnnxModel", fix=fix)
