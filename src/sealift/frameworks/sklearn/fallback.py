"""Convert steps without a registered converter: by skl2onnx in float64, otherwise by tracing `transform`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from sealift.errors import PackError
from sealift.graph.builder import Graph, Tensor
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table
from sealift.warning_filters import no_warnings

# Deprecated in ai.onnx.ml 5, and their results are float32; registered converters replace them.
_UNUSABLE = {"TreeEnsembleClassifier", "TreeEnsembleRegressor"}
_DTYPES = {1: "float32", 7: "int64", 8: "object", 9: "bool", 11: "float64"}


def convert(estimator: Any, x: Table) -> tuple[StepOutput, str]:
    """The step's answer and how it was converted: `skl2onnx` or `traced`.

    Raises:
        PackError: E302, naming the type, when neither is possible.
    """
    if not any(block.is_text or block.time for block in x.blocks):
        output = _by_skl2onnx(estimator, x)
        if output is not None:
            return output, "skl2onnx"
    if hasattr(estimator, "transform") and not hasattr(estimator, "predict"):
        return StepOutput(features=_traced(estimator, x)), "traced"
    if not find_spec("skl2onnx"):
        kind = type(estimator)
        raise refuse(
            f"No converter is registered for {kind.__module__}.{kind.__qualname__}.",
            "Install skl2onnx, which may have one: pip install 'sealift[sklearn]'.",
        )
    raise _no_converter(estimator)


def _no_converter(estimator: Any, reason: str = "") -> PackError:
    kind = type(estimator)
    return refuse(
        f"There is no converter for {kind.__module__}.{kind.__qualname__}{reason}.",
        "Replace the step by one that `sealift docs fidelity` lists, or write a converter for it, which is one "
        "function: `sealift docs how-to/own-estimator`.",
    )


def _traced(estimator: Any, x: Table) -> Table:
    """Call `transform` once with a placeholder for the rows: a data frame if it accepts one, otherwise an array."""
    from sealift.tracing import trace
    from sealift.tracing.unsupported import is_library

    names = getattr(estimator, "feature_names_in_", None)
    given = x.named(names) if names is not None and len(names) == x.width else x
    first: PackError | None = None
    for frame in (True, False):
        try:
            traced = trace(estimator.transform, given, {}, frame=frame)
        except PackError as error:
            first = first or error
            continue
        return _with_names(estimator, traced)
    assert first is not None
    # An error inside a library's code does not help its user.
    own = not is_library(getattr(sys.modules.get(type(estimator).__module__), "__file__", None) or "")
    raise _no_converter(estimator, f", and {first.what[:1].lower()}{first.what[1:].rstrip('.')}" if own else "")


def _with_names(estimator: Any, traced: Table) -> Table:
    try:
        names = list(estimator.get_feature_names_out())
    except Exception:  # a user's transformer can raise any exception
        return traced
    return traced.named(names) if len(names) == traced.width else traced


def _by_skl2onnx(estimator: Any, x: Table) -> StepOutput | None:
    """The step by skl2onnx; None when it has no converter. Raises PackError E302 when that is not exact."""
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import DoubleTensorType
    except ImportError:
        return None
    matrix = x.numbers().cast("float64")
    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "predict_proba") else None
    try:
        with no_warnings():
            converted = convert_sklearn(
                estimator,
                initial_types=[("X", DoubleTensorType([None, matrix.width]))],
                target_opset={"": 21, "ai.onnx.ml": 3},
                options=options,
            )
    except Exception:  # its parsers and converters can raise any exception
        return None
    if {node.op_type for node in converted.graph.node} & _UNUSABLE:
        raise refuse(
            f"The converter of {type(estimator).__qualname__} is not exact.", "Use one of the tree models in the list."
        )
    return _answer(estimator, x, _insert(x.graph, converted, {"X": matrix}))


def _insert(graph: Graph, model: onnx.ModelProto, given: dict[str, Tensor]) -> list[Tensor]:
    """Copy a model's nodes into `graph` with new names; return its outputs as tensors."""
    names = {name: tensor.materialize().name for name, tensor in given.items()}
    for initializer in model.graph.initializer:
        array = numpy_helper.to_array(initializer)
        names[initializer.name] = graph.constant(array, None if array.dtype.kind in "OUS" else array.dtype.name).name
    for node in model.graph.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        del copy.input[:]
        del copy.output[:]
        copy.input.extend(names.get(name, name) if name else "" for name in node.input)
        for name in node.output:
            names[name] = graph.fresh() if name else ""
            copy.output.append(names[name])
        graph.nodes.append(copy)
    result = []
    for output in model.graph.output:
        kind = output.type.tensor_type
        dims = [d.dim_value or None for d in kind.shape.dim]
        result.append(Tensor(graph, names[output.name], _DTYPES[kind.elem_type], (None, *dims[1:])))
    return result


def _answer(estimator: Any, x: Table, outputs: list[Tensor]) -> StepOutput:
    if hasattr(estimator, "predict_proba") and len(outputs) == 2:
        probability = outputs[1].cast("float64")
        classes = np.asarray(estimator.classes_)
        wide = Tensor(probability.graph, probability.materialize().name, "float64", (None, len(classes)))
        return StepOutput(class_index=wide.argmax(), classes=classes, probability=wide)
    if hasattr(estimator, "transform") and not hasattr(estimator, "predict"):
        return StepOutput(features=x.with_values(_matrix(outputs[0])))
    if getattr(estimator, "_estimator_type", None) == "regressor" or hasattr(estimator, "predict"):
        value = outputs[0].cast("float64")
        return StepOutput(value=value.vector() if len(value.shape) == 2 and value.shape[1] == 1 else value)
    raise refuse(
        f"{type(estimator).__qualname__} neither predicts nor transforms.", "Pack a predictor or a transformer."
    )


def _matrix(tensor: Tensor) -> Tensor:
    if tensor.shape[1] is None:
        raise refuse("The width of its result is not known.", "Replace the step by one with an own converter.")
    return tensor.cast("float64")
