"""What cannot be traced is refused with the line of the user's code, why, and how to write it instead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import sealift
from parity import fields_of
from sealift.errors import PackError
from sealift.frameworks import convert

X = np.round(np.random.default_rng(0).normal(size=(30, 3)), 2)
FRAME = pd.DataFrame(X, columns=list("abc")).assign(when="2024-01-01", word="x")


def refused(function: Any, rows: Any, **options: Any) -> PackError:
    step = FunctionTransformer(function, **options).fit(rows)
    fields, nulls = fields_of(rows)
    with pytest.raises(PackError) as caught:
        convert(step, fields, nulls)
    error = caught.value
    assert error.code == "E302"
    assert error.where == "FunctionTransformer"
    assert "cannot be traced" in error.what or "in place of" in error.what
    return error


def decides(x: Any) -> Any:
    if (x[:, 0] > 0).sum():
        x = -x
    return x


def loops(x: Any) -> Any:
    return np.array([[math.log1p(abs(row[0]))] for row in x])


def masks(x: Any) -> Any:
    kept = x[x[:, 0] > 0]
    return np.repeat(kept, 1, axis=0)


def aliases(x: Any) -> Any:
    x = x.copy()
    column = x[:, 0]
    column[column < 0] = 0
    return x * column[:, None]


def swallows(x: Any) -> Any:
    try:
        return x - x.mean(axis=0)
    except Exception:
        return x


def nothing(x: Any) -> Any:
    x * 2


ARRAYS: list[tuple[Any, str, str]] = [
    (decides, "all rows at once", "Learn"),
    (lambda x: x if (x[:, 0] * 0).any() else x * 2, "all rows at once", ""),
    (lambda x: x if x[:1].sum() else -x, "single rows", "x[:, 0]"),
    (loops, "a loop over the rows", "whole columns"),
    (masks, "keeps only the rows", "np.where"),
    (aliases, "through another name", "x.copy()"),
    (swallows, "np.mean over the rows", "StandardScaler"),
    (lambda x: x - x.mean(axis=0), "np.mean over the rows", "StandardScaler"),
    (lambda x: (x - x.min()) / x.max(), "np.min over the rows", "MinMaxScaler"),
    (lambda x: x / np.std(x, axis=0), "np.std over the rows", "StandardScaler"),
    (lambda x: x + np.random.default_rng(0).normal(size=x.shape), "a value of its own for each row", "this row only"),
    (lambda x: np.c_[x, np.arange(len(x))], "a value of its own for each row", ""),
    (lambda x: x / len(x), "the number of rows", ""),
    (lambda x: np.sort(x, axis=0), "np.sort", ""),
    (lambda x: np.percentile(x, 50, axis=1)[:, None], "np.percentile", ""),
    (lambda x: np.cumsum(x, axis=0), "np.cumsum along the rows", "axis=1"),
    (lambda x: np.vstack([x, x])[: len(x)], "below each other", "np.hstack"),
    (lambda x: x[::-1], "single rows", ""),
    (lambda x: x @ x.T @ x, "between rows", "x @ W"),
    (lambda x: 0 + np.vectorize(lambda v: v + 1)(x), "", ""),
    (lambda x: np.apply_along_axis(lambda row: row / row.sum(), 1, x), "np.apply_along_axis", "np.where"),
    (lambda x: np.array([[float(v) for v in x[0]]] * len(x)), "single rows", ""),
    (lambda x: x.astype(np.float16), "dtype float16", ".astype(float)"),
    (lambda x: x.astype(str), "turns numbers into strings", ""),
    (lambda x: x.astype(complex).real, "complex", ".astype(float)"),
    (lambda x: np.frompyfunc(abs, 1, 1)(x).astype(float), "which is not traced", ""),
    (lambda x: x.reshape(3, -1).T, "moves values from one row into another", "reshape(-1, 1)"),
    (lambda x: x.view(np.int64) * 1.0, ".view", "np.where"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "why", "remedy"), ARRAYS, ids=range(len(ARRAYS)))
def test_arrays(function: Any, why: str, remedy: str) -> None:
    error = refused(function, X)
    assert why in error.what
    assert remedy in error.fix
    assert "test_trace_refusals.py, line " in error.what


def clever(df: Any) -> Any:
    return df[["a"]] if df["a"].iloc[0] > 1e9 else df[["b"]]


FRAMES: list[tuple[Any, str, str]] = [
    (lambda df: df[df["a"] > -9][["a"]], "keeps only some of the rows", "df.where"),
    (lambda df: (df["a"] - df["a"].mean()).to_frame(), "over the rows", "StandardScaler"),
    (lambda df: df[["a"]] - df[["a"]].mean(), "over the rows", "StandardScaler"),
    (lambda df: df[["a"]].fillna(df["a"].median()), "over the rows", "SimpleImputer"),
    (lambda df: df[["a"]].shift(1), ".shift", "Learn"),
    (lambda df: df["a"].rolling(2).sum().to_frame(), ".rolling", ""),
    (lambda df: pd.to_datetime(df["when"]).dt.year.to_frame(), "not NumPy", ""),
    (lambda df: df["when"].str.title().to_frame(), ".str.title", "clean strings before the model"),
    (lambda df: df["a"].apply(lambda v: v + 1).to_frame(), "maps a Python function", "np.log(s)"),
    (lambda df: df[["a", "b"]].apply(lambda row: row["a"] + row["b"], axis=1).to_frame(), "each row", "whole columns"),
    (lambda df: df.eval("a + b").to_frame(), ".eval", ""),
    (lambda df: df.groupby("word")[["a"]].transform("mean"), ".groupby", ""),
    (lambda df: df.select_dtypes("number"), ".select_dtypes", ""),
    (lambda df: df["word"].map({"x": "y"}).to_frame(), "to texts", "OneHotEncoder"),
    (lambda df: pd.get_dummies(df["word"]).astype(float), "", ""),
    (lambda df: pd.cut(df["a"], 3, labels=False).to_frame(), "all rows at once", "KBinsDiscretizer"),
    (clever, ".iloc", ""),
]  # fmt: skip


@pytest.mark.parametrize(("function", "why", "remedy"), FRAMES, ids=range(len(FRAMES)))
def test_frames(function: Any, why: str, remedy: str) -> None:
    error = refused(function, FRAME)
    assert why in error.what
    assert remedy in error.fix
    assert "test_trace_refusals.py, line " in error.what


def test_the_line_is_the_users() -> None:
    error = refused(decides, X)
    assert "if (x[:, 0] > 0).sum():" in error.what
    assert "The function 'decides'" in error.what
    helped = refused(lambda x: decides(np.abs(x)), X)
    assert "if (x[:, 0] > 0).sum():" in helped.what


def by_sign(row: Any) -> Any:
    return 0 if row < 0 else row


@pytest.mark.parametrize(
    "function",
    [by_sign, lambda x: x if x.sum(axis=1) > 0 and x is not None else -x, lambda x: 1.0 in x[:, 0]],
    ids=["if", "and", "in"],
)
def test_deciding_by_the_values(function: Any) -> None:
    # One row and one column, on which NumPy itself lets the function pass.
    fields, _ = fields_of(X[:1, :1])
    with pytest.raises(PackError) as caught:
        convert(FunctionTransformer(function).fit(X[:1, :1]), fields, {})
    assert "decides by the values" in caught.value.what
    assert "np.where(condition, value, otherwise)" in caught.value.fix


def test_shapes_that_do_not_fit() -> None:
    fields, _ = fields_of(X)
    for function in (lambda x: x * x[:, 0], lambda x: x[:, [0]] + x[:, 0]):
        with pytest.raises(PackError, match=r"x\[:, \[0\]\]"):
            convert(FunctionTransformer(function).fit(X), fields, {})


def test_what_a_function_gives_must_be_columns() -> None:
    fields, _ = fields_of(X)
    for function, message in (
        (nothing, "gives NoneType"),
        (lambda x: x[:, 0], "array of 1 axes"),
        (lambda x: "text", "gives str"),
    ):
        with pytest.raises(PackError, match=message):
            convert(FunctionTransformer(function).fit(X), fields, {})


def test_a_function_of_math_is_refused_with_its_numpy_name() -> None:
    fields, _ = fields_of(X[:1, :1])
    with pytest.raises(PackError) as caught:
        convert(FunctionTransformer(lambda x: np.full((len(x), 1), math.exp(x[:, 0]))).fit(X[:, :1]), fields, {})
    assert "one Python number" in caught.value.what
    assert "np.log for math.log" in caught.value.fix


def test_globals_set_by_the_function_are_kept() -> None:
    names: dict[str, Any] = {"np": np, "count": 0}
    exec("def f(x):\n    global count\n    count += 1\n    return np.asarray(x) + 1", names)
    step = FunctionTransformer(names["f"]).fit(X)
    convert(step, fields_of(X)[0], {})
    assert names["count"] == 1
    assert names["np"] is np


def test_hidden_state_is_found_by_the_comparison(tmp_path: Any) -> None:
    calls: list[int] = []

    def drifting(x: Any) -> Any:
        calls.append(1)
        return x + 1e-3 * len(calls)

    y = X @ [1.0, 2.0, 3.0]
    model = make_pipeline(FunctionTransformer(drifting), StandardScaler(), LinearRegression()).fit(X, y)
    with pytest.raises(sealift.ParityError):
        sealift.pack(model, X, y, name="drift", output=tmp_path / "drift.seal")
    assert not (tmp_path / "drift.seal").exists()
