"""Functions of whole numbers, packed: what NumPy gives for 1 // 0 and for overflows, in every branch behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

import sealift
from sealift.errors import ParityError
from sealift.graph.builder import where
from sealift.tracing import ufuncs

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(1, 60, (800, 3))


def packed(model: Any, rows: Any, folder: Path) -> Any:
    return sealift.pack(model, rows, name="m", output=folder / "m.seal")


def shares(A: Any) -> Any:
    return np.c_[A[:, 2], A[:, 0] // A[:, 1]]


def quotients(A: Any) -> Any:
    return np.c_[A[:, 2], np.divmod(A[:, 0], A[:, 1])[0]]


FRAME = pd.DataFrame(X, columns=["a", "b", "c"])


def values(df: Any) -> Any:
    return df.assign(q=df.a.values // df.b.values)[["c", "q"]]


def columns(df: Any) -> Any:
    return df.assign(q=df.a // df.b)[["c", "q"]]


CASES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "array": (shares, X),
    "divmod": (quotients, X),
    "int32": (shares, X.astype(np.int32)),
    "values of columns": (values, FRAME),
    "columns": (columns, FRAME),
    "Int64": (columns, FRAME.astype("Int64")),
}


@pytest.mark.parametrize("name", CASES)
def test_division_by_zero_before_a_tree(name: str, tmp_path: Path) -> None:
    function, rows = CASES[name]
    y = (X[:, 2] < 6) & (X[:, 0] // X[:, 1] >= 1)
    model = make_pipeline(FunctionTransformer(function), HistGradientBoostingClassifier(max_iter=3)).fit(rows, y)
    sealed = packed(model, rows, tmp_path).load()
    asked = RANDOM.integers(0, 12, (300, 3))
    asked[0], asked[1:100, 1] = [22, 0, 4], 0
    given = asked.astype(X.dtype) if isinstance(rows, np.ndarray) else pd.DataFrame(asked, columns=list("abc"))
    given = given.astype(rows.dtypes.iloc[0] if hasattr(rows, "dtypes") else rows.dtype)
    with np.errstate(all="ignore"):
        truth = model.predict(given)
    assert sealed.predict(given)["label"].tolist() == truth.tolist()
    assert name == "columns" or not truth[0]  # to columns, pandas gives infinity


def test_overflow_of_narrow_whole_numbers(tmp_path: Path) -> None:
    rows = RANDOM.integers(-20, 20, (200, 2)).astype(np.int8)
    model = make_pipeline(FunctionTransformer(lambda A: A[:, [0]] * A[:, [1]]), LinearRegression())
    model.fit(rows, rows[:, 0] * 2.0)
    sealed = packed(model, rows, tmp_path).load()
    asked = np.array([[100, 100], [-128, 127], [5, 5]], dtype=np.int8)
    np.testing.assert_allclose(sealed.predict(asked)["value"], model.predict(asked), rtol=1e-12)


def test_rows_with_gaps_in_nullable_columns(tmp_path: Path) -> None:
    rows = FRAME.astype("Int64").mask(RANDOM.random(FRAME.shape) < 0.1)
    function = FunctionTransformer(lambda df: (df.a // df.b).fillna(-1).astype(float).to_frame("q"))
    model = make_pipeline(function, LinearRegression()).fit(rows, X[:, 0])
    sealed = packed(model, rows, tmp_path).load()
    asked = pd.DataFrame({"a": [5, None, 7], "b": [0, 3, 2], "c": [None, 1, 2]}).astype("Int64")
    one_by_one = [float(model.predict(asked.iloc[[i]])[0]) for i in range(len(asked))]
    np.testing.assert_allclose(sealed.predict(asked)["value"], one_by_one, rtol=1e-12)


@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_probes_put_divisors_on_zero_in_every_branch(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = ufuncs.FUNCTIONS["floor_divide"]

    def wrong(a: Any, b: Any) -> Any:
        return where(b.equals(np.array(0, b.dtype)), np.array(1, a.dtype), right(a, b))

    monkeypatch.setitem(ufuncs.FUNCTIONS, "floor_divide", wrong)
    rows = X.astype(kind)
    # Only rows of few in a hundred, behind a split on another column, meet the quotient at all.
    y = (X[:, 2] < 3) & (X[:, 0] // X[:, 1] >= 1) & (X[:, 0] // X[:, 1] < 2)
    tree = DecisionTreeClassifier(max_depth=4)
    if kind is np.float64:  # 1.0 // 0.0 is infinity, which only some models take
        tree = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=3)
    model = make_pipeline(FunctionTransformer(shares), tree).fit(rows, y)
    with pytest.raises(ParityError):
        packed(model, rows, tmp_path)
