"""The oracle of the converter tests: the graph's answers beside the original's, without packing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Field, encode, is_missing
from sealift.frameworks import Conversion, convert
from sealift.runtime import Engine
from sealift.stages import Stages

RELATIVE = 1e-9


def fields_of(X: Any) -> tuple[list[Field], dict[str, float | None]]:
    """Fields that accept everything, one for each column of a frame, array or list; the markers of missing text."""
    if isinstance(X, list):
        return [Field(name="text", dtype="string")], {}
    if isinstance(X, np.ndarray):
        dtype: Any = "float32" if X.dtype == np.float32 else "float64"
        return [Field(name=f"x{i}", dtype=dtype, missing="allowed") for i in range(X.shape[1])], {}
    fields, nulls = [], {}
    for name in X:
        column = X[name].to_numpy()
        text = column.dtype.kind == "O" and any(isinstance(value, str) for value in column)
        if column.dtype.kind == "O":
            nulls[str(name)] = None if any(value is None for value in column) else math.nan
        kind: Any = "string" if text else "float32" if column.dtype == np.float32 else "float64"
        fields.append(Field(name=str(name), dtype=kind, missing="allowed"))
    return fields, nulls


def answers(model: Any, X: Any, rows: Any = None) -> tuple[Conversion, dict[str, npt.NDArray[Any]]]:
    """Convert a fitted model whose training rows look like `X`, and answer `rows` (or X) with the graph."""
    fields, nulls = fields_of(X)
    by_column = X.T if isinstance(X, np.ndarray) else [X] if isinstance(X, list) else [X[name].to_numpy() for name in X]
    seen = {f.name: {v for v in values if not is_missing(v)} for f, values in zip(fields, by_column, strict=True)}
    conversion = convert(model, fields, nulls, seen)
    contract = Contract(
        inputs=tuple(fields), outputs=conversion.outputs, task=conversion.task, stages=conversion.stages
    )
    rows = X if rows is None else rows
    columns = (
        {field.name: rows[:, i] for i, field in enumerate(fields)}
        if isinstance(rows, np.ndarray)
        else {"text": rows}
        if isinstance(rows, list)
        else {str(name): rows[name].to_numpy() for name in rows}
    )
    batch = encode(contract, columns)
    assert not batch.problems, batch.problems[:3]
    graph = conversion.model().SerializeToString()
    return conversion, Engine(graph, threads=1, stages=Stages.of(contract)).run(batch.tensors)


def expected(model: Any, task: str, rows: Any) -> dict[str, npt.NDArray[Any]]:
    """The original's answers, by output name."""
    if task == "transformation":
        actual = model.transform(rows)
        actual = actual.toarray() if hasattr(actual, "toarray") else actual
        return {"features": np.asarray(actual, dtype=np.float64)}
    if task == "regression":
        predict = model.predict if hasattr(model, "predict") else model.score_samples
        return {"value": np.asarray(predict(rows), dtype=np.float64)}
    label = np.asarray(model.predict(rows))
    result = {"label": label[:, 0] if label.ndim == 2 and label.shape[1] == 1 else label}
    if task in ("classification", "clustering") and hasattr(model, "predict_proba"):
        actual = model.predict_proba(rows)
        result["probability"] = np.hstack(actual) if isinstance(actual, list) else np.asarray(actual)
    elif task == "classification" and hasattr(model, "decision_function"):
        result["score"] = np.asarray(model.decision_function(rows))
    elif task == "outliers":
        actual = model.decision_function(rows) if hasattr(model, "decision_function") else model.score_samples(rows)
        result["score"] = np.asarray(actual)
    return result


def assert_same(model: Any, X: Any, rows: Any = None, *, relative: float = RELATIVE) -> Conversion:
    """The graph answers `rows` (or X) as the model does: labels equal, numbers within `relative` of max(|e|, scale)."""
    conversion, got = answers(model, X, rows)
    wanted = expected(model, conversion.task, X if rows is None else rows)
    for name, truth in wanted.items():
        actual = got[name]
        assert actual.shape == truth.shape, f"{name}: shape {actual.shape}, original {truth.shape}"
        if truth.dtype.kind != "f":
            different = np.flatnonzero(actual != truth)
            assert not len(different), f"{name}: {len(different)} differ, first at {different[:5]}"
            continue
        scale = 1.0 if name == "probability" else float(np.nanmedian(np.abs(truth))) or 1.0
        same = (actual == truth) | (np.isnan(actual) & np.isnan(truth))
        with np.errstate(invalid="ignore"):
            gap = np.abs(actual - truth) / np.maximum(np.abs(truth), scale)
        gap = np.where(same, 0.0, np.where(np.isfinite(gap), gap, np.inf))
        assert gap.max(initial=0.0) <= relative, f"{name}: off by {gap.max()} at row {int(np.argmax(gap)) % len(truth)}"
    return conversion
