"""Graphs with inner graphs (rows one by one, rounds, choices) answer the same in the page's engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import gaussian_process, neighbors, svm
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingGridSearchCV, HalvingRandomSearchCV

import cases
import parity
from sealift.contract import Contract, encode
from sealift.frameworks import convert
from sealift.runtime import Engine
from sealift.runtime.engines import wasm


@pytest.mark.skipif(wasm.node() is None, reason="Node is not installed, or the page was not built")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("model", "name"),
    [
        (svm.SVC(probability=True, random_state=0), "iris"),
        (neighbors.KNeighborsRegressor(7, algorithm="ball_tree", leaf_size=10), "grid"),
        (neighbors.KNeighborsClassifier(4), "grid"),
        (gaussian_process.GaussianProcessClassifier(optimizer=None), "cancer"),
    ],
    ids=repr,
)
def test_inner_graphs(model: Any, name: str) -> None:
    X, y = cases.data(name)
    fields, nulls = parity.fields_of(X)
    conversion = convert(cases.fitted(model, X, y), fields, nulls)
    contract = Contract(inputs=tuple(fields), outputs=conversion.outputs, task=conversion.task)
    rows = np.round(cases.beyond(X, 30)) if name == "grid" else cases.beyond(X, 30)
    tensors = encode(contract, {field.name: rows[:, i] for i, field in enumerate(fields)}).tensors
    graph = conversion.model().SerializeToString()
    native = Engine(graph, threads=1).run(tensors)
    with wasm.WasmEngine(graph) as page:
        other = page.run(tensors, list(native))
    for output, truth in native.items():
        if truth.dtype.kind == "f":
            np.testing.assert_allclose(other[output], truth, rtol=1e-12, atol=1e-12)
        else:
            assert (other[output] == truth).all()


def test_successive_halving() -> None:
    for search in (
        HalvingGridSearchCV(LogisticRegression(max_iter=30), {"C": [0.1, 1.0]}, cv=2, random_state=0),
        HalvingRandomSearchCV(LogisticRegression(max_iter=30), {"C": [0.1, 1.0]}, cv=2, random_state=0),
    ):
        cases.same(search, "cancer")
