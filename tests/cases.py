"""Small data sets for the converter tests, rows beyond what was trained on, and the check itself."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.base import clone

from parity import RELATIVE, assert_same
from sealift.errors import PackError
from sealift.frameworks import Conversion

CLASSES = ("iris", "cancer", "wine", "digits")
VALUES = ("diabetes", "pair")


def named(value: Any) -> str:
    """The name of a case, the same in every process: what it looks like, without its address."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


@cache
def data(name: str) -> tuple[Any, Any]:
    """A data set by name: two classes and more, as text and as numbers; one value and two; labels; whole numbers."""
    rng = np.random.default_rng(7)
    if name == "iris":
        X, y = datasets.load_iris(return_X_y=True)
        return X, np.array(["setosa", "versicolor", "virginica"])[y]
    if name == "cancer":
        X, y = datasets.load_breast_cancer(return_X_y=True)
        return ((X - X.mean(axis=0)) / X.std(axis=0))[:120], np.array(["yes", "no"])[y[:120]]
    if name in ("wine", "digits"):
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        step = 2 if name == "wine" else 15
        return X[::step], y[::step]
    if name == "diabetes":
        X, y = datasets.load_diabetes(return_X_y=True)
        return X[:90], y[:90]
    if name == "pair":
        X, y = data("diabetes")
        return X, np.column_stack([y, np.sqrt(y)])
    if name == "labels":
        X, y = datasets.make_multilabel_classification(90, n_features=6, n_classes=3, random_state=0)
        return X, y
    if name == "grid":
        return rng.integers(0, 4, size=(160, 3)).astype(float), rng.integers(0, 3, size=160)
    raise KeyError(name)


def beyond(X: Any, count: int = 60) -> Any:
    """Rows around and far beyond those of X, and some of X itself."""
    rng = np.random.default_rng(3)
    chosen = X[rng.integers(0, len(X), count)]
    return np.vstack([chosen + rng.normal(size=chosen.shape) * X.std(axis=0) * 2, X[: count // 2]])


def fitted(model: Any, X: Any, y: Any = None) -> Any:
    """A copy of the model, fitted without a word about convergence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clone(model).fit(X, y)


def same(model: Any, name: str, *, rows: Any = None, relative: float = RELATIVE) -> Conversion:
    """Fit on a data set and compare on rows beyond it."""
    X, y = data(name)
    return same_fitted(fitted(model, X, y), X, beyond(X) if rows is None else rows, relative=relative)


def same_fitted(model: Any, X: Any, rows: Any, *, relative: float = RELATIVE) -> Conversion:
    """Compare a fitted model on rows; what scikit-learn warns of in its own prediction is no matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return assert_same(model, X, rows, relative=relative)


def refused(model: Any, X: Any, *parts: str) -> PackError:
    """The refusal of a fitted model: E302, the step named first, then `parts` of its message and remedy."""
    with pytest.raises(PackError) as caught:
        same_fitted(model, X, X)
    error = caught.value
    assert error.code == "E302"
    assert error.where.startswith(type(model).__name__)
    for part in parts:
        assert part in str(error)
    assert error.fix
    return error
