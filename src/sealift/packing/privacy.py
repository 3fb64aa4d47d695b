"""What the model itself has kept of single records, found in the finished graph and told without telling it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from sealift.convert import Step
from sealift.packing.columns import Column, as_numbers
from sealift.packing.forms import Form
from sealift.packing.kept import rows_kept
from sealift.stats import SMALL

_DIGITS = 4


def texts_in(model: onnx.ModelProto) -> set[str]:
    """Every text that the graph holds."""
    return {text.decode("utf-8", "replace") for tensor in _strings(model.graph) for text in tensor}


def notes(model: onnx.ModelProto, steps: Sequence[Step], form: Form) -> list[str]:
    """Sentences on what the graph holds of single records; none names a value."""
    found = [
        f"{step.path} keeps {kept[0]} rows of its training data, as its method needs; they are part of the file. "
        "Choose another method if no record may leave."
        for step in steps
        if (kept := rows_kept(step.estimator))
    ]
    constants = np.unique(np.concatenate([np.zeros(0), *_numbers(model.graph)]))
    held = [column.name for column in form.columns if _among(_extremes(column), constants)]
    if held:
        listed = ", ".join(f'"{name}"' for name in held[:8]) + f" and {len(held) - 8} more" * (len(held) > 8)
        found.append(
            f"The model itself holds extremes that fewer than {SMALL} rows reach, of: {listed}; they are part of its "
            "graph. A scaler by quantiles or by the deviation holds none."
        )
    return found


def keeps_records(steps: Sequence[Step]) -> bool:
    """Whether a step carries rows of its training data."""
    return any(rows_kept(step.estimator) for step in steps)


def _among(values: Any, ordered: Any) -> bool:
    if not len(ordered):  # a graph that only hands on
        return False
    places = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return bool((ordered[places] == values).any())


def _extremes(column: Column) -> Any:
    """The lowest and highest numbers, which fewer than SMALL records reach; not those of few digits, like 0 or 100."""
    if column.dtype in ("string", "bool"):
        return np.zeros(0)
    values = np.sort(as_numbers([value for value in column.values if value is not None]))
    ends = np.concatenate([values[: SMALL - 1], values[-SMALL + 1 :]])
    inner = values[SMALL - 1 : -SMALL + 1]
    if not len(inner):
        inner = ends[:0]
    return np.array([v for v in ends.tolist() if v != float(f"{v:.{_DIGITS - 1}g}") and not (inner == v).any()])


def _strings(graph: onnx.GraphProto) -> Iterator[Sequence[bytes]]:
    for tensor in _tensors(graph):
        if tensor.data_type == onnx.TensorProto.STRING:
            yield tensor.string_data
    for attribute in _attributes(graph):
        yield attribute.strings
        yield [attribute.s]


def _numbers(graph: onnx.GraphProto) -> Iterator[Any]:
    for tensor in _tensors(graph):
        if tensor.data_type in (onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64):
            yield numpy_helper.to_array(tensor).reshape(-1).astype(np.float64)
    for attribute in _attributes(graph):
        if attribute.floats:
            yield np.array(attribute.floats, dtype=np.float64)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for attribute in _attributes(graph):
        if attribute.type == onnx.AttributeProto.TENSOR:
            yield attribute.t
        elif attribute.type == onnx.AttributeProto.GRAPH:
            yield from attribute.g.initializer


def _attributes(graph: onnx.GraphProto) -> Iterator[onnx.AttributeProto]:
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _attributes(attribute.g)
