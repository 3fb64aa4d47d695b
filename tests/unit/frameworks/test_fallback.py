"""The fallback, skl2onnx in float64: whatever own converters there are, it must be right where it is used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import cluster, decomposition, linear_model, preprocessing
from sklearn.pipeline import make_pipeline

from cases import data, fitted, refused, same_fitted
from sealift.frameworks import registry

X, Y = data("iris")
VALUES = X @ [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (preprocessing.StandardScaler(), None),
        (preprocessing.MinMaxScaler(), None),
        (decomposition.PCA(2), None),
        (linear_model.Ridge(), VALUES),
        (linear_model.LinearRegression(), np.column_stack([VALUES, -VALUES])),
        (linear_model.LogisticRegression(max_iter=500), Y),
        (linear_model.LogisticRegression(max_iter=500), Y == "setosa"),
    ],
)
def test_without_an_own_converter(model: Any, y: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.registered()
    monkeypatch.delitem(registry._converters, type(model))
    monkeypatch.delitem(registry._strategies, type(model))
    if hasattr(model, "transform"):
        conversion = same_fitted(fitted(model, X, y), X, X[::3])
        assert [step.how for step in conversion.steps] == ["skl2onnx"]
        return
    if y is not None and y.dtype.kind in "fU" and y.ndim == 1:
        conversion = same_fitted(fitted(make_pipeline(preprocessing.StandardScaler(), model), X, y), X, X[::3])
        assert [step.how for step in conversion.steps] == ["own", "skl2onnx", "own"]
        return
    same_fitted(fitted(model, X, y), X, X[::3])


def test_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.registered()
    monkeypatch.delitem(registry._converters, cluster.Birch)
    error = refused(fitted(cluster.Birch(), X), X, "There is no converter for sklearn.cluster._birch.Birch")
    assert "sealift docs fidelity" in error.fix
