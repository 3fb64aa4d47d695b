"""The second rung: a step converted by skl2onnx in float64 and laid into our graph. Verified like everything else."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from sealift.convert.graph import Graph, Tensor
from sealift.convert.registry import Answer, refuse
from sealift.convert.table import Table

# Deprecated in ai.onnx.ml 5, and float32 in their answers; own converters cover what would need them.
_UNUSABLE = {"TreeEnsembleClassifier", "TreeEnsembleRegressor"}
_DTYPES = {1: "float32", 7: "int64", 8: "object", 9: "bool", 11: "float64"}


def convert(estimator: Any, x: Table) -> Answer:
    """The step by skl2onnx. Raises PackError E302, naming the type, when it has no converter that is usable here."""
    kind = type(estimator)
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import DoubleTensorType
    except ImportError:
        raise refuse(
            f"There is no own converter for {kind.__module__}.{kind.__qualname__}.",
            "Install skl2onnx, which may have one: pip install 'sealift[sklearn]'.",
        ) from None
    matrix = x.numbers().cast("float64")
    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "predict_proba") else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = convert_sklearn(
                estimator,
                initial_types=[("X", DoubleTensorType([None, matrix.width]))],
                target_opset={"": 21, "ai.onnx.ml": 3},
                options=options,
            )
    except Exception as error:  # it raises whatever its parsers and converters happen to raise
        raise refuse(
            f"There is no converter for {kind.__module__}.{kind.__qualname__}.",
            "Replace the step by one that is listed in docs/fidelity.md, or register a converter for it.",
        ) from error
    if {node.op_type for node in found.graph.node} & _UNUSABLE:
        raise refuse(f"The converter of {kind.__qualname__} is not exact.", "Use one of the tree models in the list.")
    outputs = _lay_in(x.graph, found, {"X": matrix})
    return _answer(estimator, outputs)


def _lay_in(graph: Graph, model: onnx.ModelProto, given: dict[str, Tensor]) -> list[Tensor]:
    """Copy a model's nodes into `graph` under fresh names; its outputs as tensors."""
    names = {name: tensor.name for name, tensor in given.items()}
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


def _answer(estimator: Any, outputs: list[Tensor]) -> Answer:
    if hasattr(estimator, "predict_proba") and len(outputs) == 2:
        probability = outputs[1].cast("float64")
        classes = np.asarray(estimator.classes_)
        wide = Tensor(probability.graph, probability.name, "float64", (None, len(classes)))
        return Answer(choice=wide.argmax(), classes=classes, probability=wide)
    if hasattr(estimator, "transform") and not hasattr(estimator, "predict"):
        return Answer(features=Table.of(_matrix(outputs[0])))
    if getattr(estimator, "_estimator_type", None) == "regressor" or hasattr(estimator, "predict"):
        value = outputs[0].cast("float64")
        return Answer(value=value.vector() if len(value.shape) == 2 and value.shape[1] == 1 else value)
    raise refuse(
        f"{type(estimator).__qualname__} neither predicts nor transforms.", "Pack a predictor or a transformer."
    )


def _matrix(tensor: Tensor) -> Tensor:
    if tensor.shape[1] is None:
        raise refuse("The width of its result is not known.", "Replace the step by one with an own converter.")
    return tensor.cast("float64")
