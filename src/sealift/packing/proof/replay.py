"""Run single steps of a graph under construction on rows, and convert rows to the format of the original step."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from sealift.frameworks import Graph, Source, Table, Tensor
from sealift.graph.inputs import ArrayTensor, field_of, stages_of, text_fields
from sealift.graph.sparse import absent
from sealift.stages import Stages


def run(graph: Graph, outputs: dict[str, Tensor], tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The values of these tensors of the graph for the rows; output name → array."""
    engine = graph.split(outputs, {}).engine(threads=1, stages=Stages(stages_of(graph), text_fields(graph)))
    return engine.run({name: tensors[name] for name in engine.inputs})


def replayed(graph: Graph, source: Source, table: Table, tensors: Mapping[str, Any]) -> Any:
    """The input of a step in the graph: an array of numbers or objects, a sparse matrix, or a data frame if the step
    stores column names.

    For a model that begins with a vectorizer, the input is a column of strings, or dicts.
    """
    rows = source.rows
    if rows.kind == "arrays":
        arrays = [_array(graph, block.values, tensors) for block in table.each()]
        return dict(zip([a.name for a in rows.arrays], arrays, strict=True)) if rows.arrays else arrays[0]
    dicts = rows.kind == "dicts"
    parts = []
    for block in table.blocks:
        values = run(graph, {"in": block.values}, tensors)["in"]
        if block.missing is not None or dicts:
            gone = np.isnan(values) if block.missing is None else run(graph, {"in": block.missing}, tensors)["in"]
            values = values.astype(object)
            values[gone] = block.null
        parts.append(_as_times(values, block.time) if block.time else values)
    columns = [column for part in parts for column in part.T]
    if any(part.dtype == object for part in parts) or len({part.dtype.kind for part in parts} & set("fmM")) > 1:
        parts = [part.astype(object) for part in parts]
    whole = np.concatenate(parts, axis=1)
    if dicts:
        own = rows.key_of
        keys = [own.get(name, name) for name in table.names]
        return [{k: v for k, v in zip(keys, row, strict=True) if v is not None} for row in whole.tolist()]
    if rows.kind == "texts":
        return whole[:, 0]
    if table.sparse:
        return _as_sparse(whole, ~run(graph, {"in": absent(table.numbers())}, tensors)["in"])
    names = rows.columns
    if names is None or len(names) != whole.shape[1] or not find_spec("pandas"):
        return whole
    import pandas

    # With the dtype of each column, since pandas would convert None to NaN.
    return pandas.DataFrame({n: pandas.Series(c, dtype=c.dtype) for n, c in zip(names, columns, strict=True)})


def _array(graph: Graph, values: Tensor, tensors: Mapping[str, Any]) -> Any:
    """An input of a model that takes arrays: (N, …), or (N,) for a field of one number."""
    array = run(graph, {"in": values}, tensors)["in"]
    single = field_of(values) is not None and not isinstance(values, ArrayTensor)
    return array[:, 0] if single else array


def _as_sparse(values: Any, stored: Any) -> Any:
    """The cells (N, k) that are `stored` as a sparse matrix, explicit zeros included."""
    from scipy import sparse

    rows, columns = np.nonzero(stored)
    return sparse.csr_matrix((values[stored], (rows, columns)), shape=values.shape)


def _as_times(micros: Any, kind: str) -> Any:
    """Microseconds (N, k), NaN where missing, as dates or durations."""
    gone = np.isnan(micros)
    times = np.where(gone, 0.0, micros).astype(np.int64).astype(f"{np.dtype(kind).kind}8[us]").astype(kind)
    times[gone] = np.array("NaT", dtype=kind)
    return times
