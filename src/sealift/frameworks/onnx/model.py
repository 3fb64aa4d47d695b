"""An ONNX model exported by another tool: its graph is kept unchanged, behind the contract's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import shape_inference

from sealift.errors import PackError, SealError
from sealift.frameworks.base import ArrayInput
from sealift.frameworks.exported import prefixed
from sealift.frameworks.named_outputs import contract_name
from sealift.frameworks.onnx.ports import GraphPort, are_named, check, label_of, refused
from sealift.frameworks.registry import converter, unsealable
from sealift.graph.builder import Tensor
from sealift.graph.constant_folding import strip
from sealift.graph.split_model import SplitModel, elements, split
from sealift.graph.step import NamedOutput, StepOutput, refuse
from sealift.graph.table import Table
from sealift.graph.tensor import ELEMENT
from sealift.runtime import IsolatedEngine, Limits
from sealift.seal.graph import check as check_graph

_PREFIX = "m:"
_OLDEST_IR = 4  # from here on constants need not be inputs
_LABELS = ("classlabels_int64s", "classlabels_ints", "classlabels_strings")


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
        self.inputs = [GraphPort.of(value) for value in inputs]
        self.outputs = [GraphPort.of(value) for value in body.output]
        check(proto, self.inputs, self.outputs, arrays=self.arrays is not None)
        _check_operators(self.split)
        self.split = SplitModel(shape_inference.infer_shapes(proto), self.split.members)
        self.outputs = [
            GraphPort.of(value) for value in self.split.proto.graph.output
        ]  # with the sizes that were inferred
        self.is_named = are_named(self.outputs)
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
        return tuple(ArrayInput(port.name, port.sizes) for port in self.inputs)

    @property
    def label(self) -> GraphPort | None:
        """The output of labels; None unless the model is a classifier."""
        return label_of(self.outputs)

    @property
    def wide(self) -> GraphPort:
        """The output of numbers, probabilities or values; of a model whose outputs keep their names, the first one."""
        return next((port for port in self.outputs if port.is_floating), self.outputs[0])

    def predict(self, X: Any) -> Any:
        """Labels (N,), or values (N,) or (N, k)."""
        return self.run(X)[(self.label or self.wide).name]

    def _probability(self, X: Any) -> Any:
        return self.run(X)[self.wide.name]

    def run(self, X: Any) -> dict[str, Any]:
        """All outputs by name, (N,) where there is one number for each row."""
        fed = self._columns(X) if self.arrays is None else self._arrays(X)
        return {name: _narrow(array) for name, array in self._engine.run(fed).items()}

    def _arrays(self, X: Any) -> dict[str, Any]:
        """The inputs from an array or a dict of arrays. Raises ValueError if an integer is missing."""
        given = X if isinstance(X, Mapping) else {self.inputs[0].name: X}
        arrays = {port.name: np.asarray(given[port.name]) for port in self.inputs}
        if any(not np.isfinite(arrays[port.name]).all() for port in self.inputs if not port.is_floating):
            raise ValueError("an input of integers or booleans must not have missing values")
        return {port.name: arrays[port.name].astype(port.numpy) for port in self.inputs}

    def _columns(self, X: Any) -> dict[str, Any]:
        rows = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
        fed: dict[str, Any] = {}
        start = 0
        for port in self.inputs:
            width = port.width or 1
            part = rows[:, start : start + width]
            start += width
            fed[port.name] = part.astype(port.numpy)
        return fed


@converter(OnnxModel)
def existing(step: OnnxModel, x: Table) -> StepOutput:
    """The graph itself, fed with the columns in its own order and types."""
    graph = x.graph
    body = prefixed(step.split.proto.graph, _PREFIX)
    fed = _columns(step, x) if step.arrays is None else _arrays(step, x)
    for port in step.inputs:
        source, target = [fed[port.name].materialize().name], [_PREFIX + port.name]
        node = onnx.helper.make_node("Identity" if port.is_plain else "Cast", source, target)
        if not port.is_plain:
            node.attribute.append(onnx.helper.make_attribute("to", port.element))
        body.node.insert(0, node)
    graph.opsets = {entry.domain: entry.version for entry in step.split.proto.opset_import}
    graph.adopt(body, step.split.members)
    if step.is_named:
        return StepOutput(named=tuple(_named(x, port) for port in step.outputs))
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


def _named(x: Table, port: GraphPort) -> NamedOutput:
    """An output under its own name. One number for each row is a vector, as in `OnnxModel.run`."""
    if port.is_matrix:
        return NamedOutput(contract_name(port.name), _laid(x, port))
    return NamedOutput(contract_name(port.name), _raw(x, port, (None, *port.shape)), sizes=port.sizes)


def _laid(x: Table, port: GraphPort) -> Tensor:
    """An output (N,) or (N, k)."""
    if port.width not in (None, 1):
        return _raw(x, port, (None, port.width))
    return _raw(x, port, (None, 1)).op("Reshape", np.array([-1]), shape=(None,))


def _raw(x: Table, port: GraphPort, shape: tuple[int | None, ...]) -> Tensor:
    """An output as the model has it, in the dtype of the port."""
    name = _PREFIX + port.name
    if port.is_plain:
        return Tensor(x.graph, name, port.dtype, shape)
    raw = Tensor(x.graph, name, port.dtype, shape)
    return x.graph.add("Cast", [raw], port.dtype, shape, to=int(ELEMENT[port.dtype]))


def _texts(part: Table) -> Tensor:
    if any(not block.is_text for block in part.blocks):
        raise refuse("It takes strings in a column that contains numbers.", "Give that column as strings.")
    return part.blocks[0].values


def _check_operators(model: SplitModel) -> None:
    """Check the operators before ONNX Runtime or shape inference; constants are folded later, in another process."""
    try:
        check_graph(bytes(model.proto.SerializeToString()), model.sizes, folded=False)
    except SealError as error:
        raise unsealable(error, "OnnxModel") from None


def _classes(model: SplitModel, wide: GraphPort, *, text: bool) -> Any:
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
        raise refused("it does not contain its classes", "Export it with the class labels.")
    return np.arange(wide.width)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _narrow(array: Any) -> Any:
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
