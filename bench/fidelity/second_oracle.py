"""A second oracle in addition to the proof of `pack`: the written file is opened and predicts rows that `pack` did not
use.

The rows consist of the values of X, permuted in each column; numbers that are not integers are interpolated between
two of X. A difference that the proof did not find would appear here as a silent difference.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from sealift.contract import columns_of, encode
from sealift.frameworks import source_of
from sealift.runtime import SealedModel, Tolerance

_METHODS = {
    "label": ("predict",),
    "value": ("predict", "score_samples"),
    "probability": ("predict_proba",),
    "score": ("decision_function", "score_samples"),
    "features": ("transform",),
}


def new_rows(X: Any) -> Any:
    """As many rows as X has, in the same format."""
    random = np.random.default_rng(11)
    if isinstance(X, list) and isinstance(X[0], str):
        return [f"{a} {b}" for a, b in zip(X, random.permutation(np.array(X, dtype=object)), strict=True)]
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return np.column_stack([_mixed(X[:, i], random) for i in range(X.shape[1])]).astype(X.dtype)
    if hasattr(X, "toarray"):
        return type(X)(new_rows(X.toarray()))
    if hasattr(X, "iloc"):
        return type(X)({name: _shuffled(X[name], random) for name in X})
    order = random.permutation(len(X))
    return X[order] if isinstance(X, np.ndarray) else [X[i] for i in order]


def compare(model: Any, sealed: SealedModel, tolerance: Mapping[str, Tolerance], rows: Any) -> tuple[int, str]:
    """The number of rows that both answered, and a description of a difference; empty if there is none.

    A row that the original or the contract refuses is not a silent difference, and is not counted.
    """
    model = source_of(model).model
    rows = _answered(model, sealed.contract.outputs[0].name, rows)
    if not _count(rows):
        return 0, ""
    plain = rows.toarray() if hasattr(rows, "toarray") else rows
    one = isinstance(rows, list | np.ndarray) and np.ndim(rows[0]) == 0 and not isinstance(rows[0], dict)
    contract = sealed.contract
    batch = encode(contract, {contract.inputs[0].name: rows} if one else columns_of(contract, plain))
    if not batch.good.any():
        return 0, ""
    for name, answer in sealed.answer(batch).items():
        truth = _answers(model, name, rows)[batch.good]
        different = _different(answer, truth.reshape(answer.shape), tolerance.get(name))
        if different.any():
            row = int(np.argmax(different))
            return len(answer), f"{int(different.sum())} of {len(answer)} in {name}: {truth[row]} became {answer[row]}"
    return int(batch.good.sum()), ""


def _answered(model: Any, output: str, rows: Any) -> Any:
    """The rows that the original answers; one bad row makes it refuse all rows of a call."""
    chosen = []
    for picked in [list(range(_count(rows))), *([i] for i in range(_count(rows)))]:
        try:
            _answers(model, output, _taken(rows, picked))
        except Exception:
            continue
        if len(picked) == _count(rows):
            return rows
        chosen += picked
    return _taken(rows, chosen)


def _count(rows: Any) -> int:
    return int(rows.shape[0]) if hasattr(rows, "toarray") else len(rows)


def _taken(rows: Any, picked: list[int]) -> Any:
    if hasattr(rows, "toarray"):
        return type(rows)(rows.tocsr()[picked])
    if hasattr(rows, "iloc"):
        return rows.iloc[picked]
    return rows[picked] if isinstance(rows, np.ndarray) else [rows[i] for i in picked]


def _answers(model: Any, output: str, rows: Any) -> Any:
    method = next(name for name in _METHODS[output] if hasattr(model, name))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        result = getattr(model, method)(rows)
    if isinstance(result, list):  # predict_proba of several targets: one matrix for each
        result = np.hstack(result)
    return result.toarray() if hasattr(result, "toarray") else np.asarray(result)


def _different(answer: Any, truth: Any, tolerance: Tolerance | None) -> Any:
    if tolerance is None:
        return (answer != truth).reshape(len(answer), -1).any(axis=1)
    truth = truth.astype(np.float64)
    with np.errstate(invalid="ignore"):
        close = np.abs(answer - truth) <= tolerance.relative * np.maximum(np.abs(truth), tolerance.scale)
    same = close | (answer == truth) | (np.isnan(answer) & np.isnan(truth))
    return (~same).reshape(len(answer), -1).any(axis=1)


def _mixed(column: Any, random: np.random.Generator) -> Any:
    """A permutation of the values; interpolated between two of them if they are not integers."""
    first, second = random.permutation(column), random.permutation(column)
    if column.dtype.kind != "f" or (np.isnan(column) | (column == np.round(column, 1))).all():
        return first  # values on a grid are not interpolated, since thresholds are on the grid
    return first + (second - first) * random.random(len(column))


def _shuffled(series: Any, random: np.random.Generator) -> Any:
    if series.dtype.kind == "f":
        return _mixed(series.to_numpy(), random)
    return series.iloc[random.permutation(len(series))].set_axis(series.index)
