"""An ONNX model exported by another tool: its graph is kept unchanged, behind the contract's inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import compose, numpy_helper, shape_inference

from sealift.errors import PackError, SealError
from sealift.frameworks.registry import converter, unsealable
from sealift.graph.builder import Tensor
from sealift.graph.constant_folding import strip
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
    name: str
    dtype: str
    width: int | None


class OnnxModel:
    """An ONNX model, asked as scikit-learn's are: the original that the sealed graph is compared with.

    The file may come from anywhere. So its graph is checked as that of a sealed file is, and runs in a process of its
    own; `pack` and `doctor` run what they make of it in such processes too.

    Attributes:
        limits: of time and memory of these processes.
        proto: the model.
        n_features_in_: how many columns it takes.
        classes_: the class labels of a classifier.
    """

    def __init__(self, model: Path | str | onnx.ModelProto, *, limits: Limits | None = None) -> None:
        """Take a model, or read a file.

        Raises:
            PackError: E308 for no ONNX model, E302 when its form or its operators cannot be sealed.
            SealError: E207 when it cannot be run here, E210 when loading it exceeds a limit.
        """
        self.limits = limits or Limits()
        is_proto = isinstance(model, onnx.ModelProto)
        try:
            self.proto = onnx.ModelProto()
            self.proto.CopyFrom(model if isinstance(model, onnx.ModelProto) else onnx.load(str(model)))
            onnx.checker.check_model(self.proto)
        except Exception as error:  # protobuf and the checker raise classes of their own
            raise PackError(
                "E308",
                f"The {'object' if is_proto else 'file'} is no sound ONNX model: {' '.join(str(error).split())[:200]}.",
                where=type(model).__name__ if is_proto else str(model),
                fix="Export it again, with its weights beside it where they are kept apart.",
            ) from error
        body = self.proto.graph
        held = {weight.name for weight in body.initializer}
        inputs = [value for value in body.input if value.name not in held]  # up to IR 3 they name constants too
        del body.input[:]
        body.input.extend(inputs)
        self.inputs = [_port(value) for value in inputs]
        self.outputs = [_port(value) for value in body.output]
        _check(self)
        _check_operators(self.proto)
        self.proto = shape_inference.infer_shapes(self.proto)
        self._engine = IsolatedEngine(self.proto.SerializeToString(), limits=self.limits, threads=1)
        self.n_features_in_ = sum(port.width or 1 for port in self.inputs)
        if self.label is not None:
            self.classes_ = _classes(self.proto, self.wide, text=self.label.dtype == "object")
            self.predict_proba = self._probability

    @property
    def label(self) -> _Port | None:
        """The output of labels, where the model classifies."""
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
        rows = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
        fed: dict[str, Any] = {}
        start = 0
        for port in self.inputs:
            width = port.width or 1
            part = rows[:, start : start + width]
            start += width
            fed[port.name] = part.astype(object if port.dtype == "object" else port.dtype)
        outputs = self._engine.run(fed)
        return {name: _narrow(array) for name, array in outputs.items()}


@converter(OnnxModel)
def existing(step: OnnxModel, x: Table) -> StepOutput:
    """The graph itself, fed with the columns in its own order and types."""
    if x.width != step.n_features_in_:
        raise refuse(f"It takes {step.n_features_in_} columns, not {x.width}.", "Give the columns it was made for.")
    graph = x.graph
    body = compose.add_prefix(step.proto, _PREFIX).graph
    start = 0
    for port in step.inputs:
        width = port.width or 1
        part = x.select(range(start, start + width))
        start += width
        fed = _texts(part) if port.dtype == "object" else part.numbers().cast(port.dtype)
        body.node.insert(0, onnx.helper.make_node("Identity", [fed.materialize().name], [_PREFIX + port.name]))
    graph.opsets = {entry.domain: entry.version for entry in step.proto.opset_import}
    graph.adopt(body)
    wide = _laid(x, step.wide)
    if step.label is None:
        return StepOutput(value=wide)
    return StepOutput(label=_laid(x, step.label), classes=step.classes_, probability=wide)


def _laid(x: Table, port: _Port) -> Tensor:
    if port.dtype.startswith("float") and port.width not in (None, 1):
        return Tensor(x.graph, _PREFIX + port.name, port.dtype, (None, port.width))
    flat = Tensor(x.graph, _PREFIX + port.name, port.dtype, (None, 1))
    return flat.op("Reshape", np.array([-1]), shape=(None,))


def _texts(part: Table) -> Tensor:
    if any(not block.is_text for block in part.blocks):
        raise refuse("It takes text in a column that holds numbers.", "Give that column as text.")
    return part.blocks[0].values


def _port(value: onnx.ValueInfoProto) -> _Port:
    kind = value.type.tensor_type
    dims = [d.dim_value or None for d in kind.shape.dim]
    return _Port(value.name, _DTYPES.get(kind.elem_type, ""), dims[1] if len(dims) > 1 else None)


def _check(model: OnnxModel) -> None:
    for value in [*model.proto.graph.input, *model.proto.graph.output]:
        if not value.type.HasField("tensor_type"):
            raise _refused(
                f"{value.name!r} is no tensor", "Export with zipmap=False, so that every output is a tensor."
            )
        if len(value.type.tensor_type.shape.dim) > 2:
            raise _refused(f"{value.name!r} has more than two dimensions", "Images and sequences cannot be sealed yet.")
    if any(not port.dtype for port in [*model.inputs, *model.outputs]):
        raise _refused(
            "a tensor is neither of numbers nor of text", "Export it with float32, float64, int64 or string."
        )
    if not any(port.dtype.startswith("float") for port in model.outputs):
        raise _refused("it has no output of numbers", "Export the probabilities too.")
    if len(model.outputs) > 2 or (len(model.outputs) == 2 and model.label is None):
        raise _refused("it has more outputs than a label and probabilities", "Export only those.")
    if len(model.inputs) == 1 and model.inputs[0].width is None:
        raise _refused("the width of its input is not declared", "Export it with a fixed number of columns.")
    opsets = {entry.domain: entry.version for entry in model.proto.opset_import}
    if set(opsets) - {"", "ai.onnx.ml"} or model.proto.functions:
        raise _refused("it uses operators of its own", "Export it with standard operators.")
    if opsets.get("", _OLDEST) < _OLDEST:
        raise _refused(f"it was made for operator set {opsets['']}", f"Export it for operator set {_OLDEST} or newer.")


def _check_operators(proto: onnx.ModelProto) -> None:
    """Before ONNX Runtime or the inference of shapes sees it; constants are folded later, in another process."""
    strip(proto.graph)
    proto.ClearField("metadata_props")
    proto.ir_version = max(proto.ir_version, _OLDEST_IR)
    try:
        check_graph(proto.SerializeToString(), folded=False)
    except SealError as error:
        raise unsealable(error, "OnnxModel") from None


def _classes(proto: onnx.ModelProto, wide: _Port, *, text: bool) -> Any:
    """The classes in the order of the probabilities: a classifier's own, or the constant that labels are taken from."""
    for node in proto.graph.node:
        for attribute in node.attribute:
            if attribute.name in _LABELS and (attribute.strings if text else attribute.ints):
                return np.array([s.decode() for s in attribute.strings] if text else list(attribute.ints))
    taken = {node.input[0] for node in proto.graph.node if node.op_type in ("ArrayFeatureExtractor", "Gather")}
    for weight in proto.graph.initializer:
        values = numpy_helper.to_array(weight).reshape(-1)
        if weight.name in taken and len(values) == wide.width and (values.dtype.kind in "OSU") == text:
            return np.array([v.decode() if isinstance(v, bytes) else v for v in values.tolist()])
    if wide.width is None or text:
        raise _refused("its classes are written nowhere", "Export it with the class labels.")
    return np.arange(wide.width)


def _narrow(array: Any) -> Any:
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _refused(what: str, fix: str) -> PackError:
    return PackError("E302", f"The ONNX model cannot be sealed: {what}.", where="OnnxModel", fix=fix)
