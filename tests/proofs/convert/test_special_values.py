"""Every operation of a traced function, on every dtype, at the values where it does something of its own: as NumPy."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

from sealift.contract import Contract, Field, encode
from sealift.errors import PackError
from sealift.frameworks import convert
from sealift.runtime import Engine
from sealift.tracing.ufuncs import FUNCTIONS

DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float32", "float64")
WHOLE = (0, 1, 2, 3, 5, 7, 11, 100)
SIGNED = (-1, -2, -3, -7, -100)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, -7.0, 1e-300, 1e300, -1e300, 5e-324, 710.0, 1e16)
REASONS = ("calls divmod on a column of one of pandas' own types",)


def values(dtype: str) -> Any:
    """The special values of a dtype, its ends among them."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return np.array([False, True])
    if kind.kind == "f":
        with np.errstate(all="ignore"):
            return np.unique(np.array(FLOATS).astype(kind))
    listed = [*WHOLE, *(SIGNED if kind.kind == "i" else ())]
    ends = [np.iinfo(kind).min, np.iinfo(kind).max] if kind.itemsize < 8 else [-(2**53) + 1, 2**53 - 1]
    return np.unique(np.array([*listed, *ends]).astype(kind))


def _kind(dtype: str) -> Any:
    kinds = {"f": "float64", "i": "int64", "u": "int64", "b": "bool"}
    return "float32" if dtype == "float32" else kinds[np.dtype(dtype.lower()).kind]


def answered(function: Callable[..., Any], X: Any) -> Any:
    """What the graph gives for `FunctionTransformer(function)` on X, an array or a data frame. Raises PackError."""
    frame = hasattr(X, "columns")
    columns = {str(c): X[c] for c in X} if frame else {f"x{i}": X[:, i] for i in range(X.shape[1])}
    dtypes = {name: str(column.dtype) for name, column in columns.items()}
    fields = [Field(name=name, dtype=_kind(dtype), missing="allowed") for name, dtype in dtypes.items()]
    step = FunctionTransformer(function).fit(X)
    conversion = convert(step, fields, dtypes={n: d for n, d in dtypes.items() if not d.startswith("float")})
    contract = Contract(inputs=tuple(fields), outputs=conversion.outputs, task=conversion.task)
    plain = {name: column.to_numpy(float, na_value=np.nan) if frame else column for name, column in columns.items()}
    batch = encode(contract, plain)
    # What no contract lets through, such as 2**64, is not asked for.
    return Engine(conversion.model().SerializeToString(), threads=1).run(batch.tensors)["features"], batch.good


def same(function: Callable[..., Any], X: Any, *, relative: float = 1e-12) -> None:
    """The graph gives what NumPy or pandas gives. What raises there for one row is left out; all rows must be few."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            truth = function(X)
        except (ArithmeticError, TypeError, ValueError, NotImplementedError):
            return
        truth = truth.to_numpy(float, na_value=np.nan) if hasattr(truth, "to_numpy") else np.asarray(truth)
        if truth.dtype == np.float16:
            with pytest.raises(PackError, match="float16"):
                answered(function, X)
            return
        try:
            got, good = answered(function, X)
        except PackError as error:
            if any(reason in str(error) for reason in REASONS):
                return
            raise
    truth, got, X = truth[good].astype(np.float64), got[good], X[good]
    with np.errstate(all="ignore"):
        close = np.abs(got - truth) <= np.maximum(relative * np.abs(truth), 1e-44 if relative == SINGLE else 0.0)
    equal = close | (got == truth) | (np.isnan(got) & np.isnan(truth))
    wrong = np.flatnonzero(~equal.all(axis=1))
    assert not len(wrong), [(np.asarray(X)[i].tolist(), truth[i].tolist(), got[i].tolist()) for i in wrong[:5]]


def pairs(first: str, second: str) -> Any:
    """All pairs of special values, in the dtype that NumPy has for an array of both."""
    return np.array(list(itertools.product(values(first).tolist(), values(second).tolist())), dtype=first)


UNARY = sorted(n for n in FUNCTIONS if getattr(getattr(np, n, None), "nin", 0) == 1)
BINARY = sorted(n for n in FUNCTIONS if getattr(getattr(np, n, None), "nin", 0) == 2)
# In float32 the graph computes in double and rounds once; NumPy's own last digits differ by processor.
SINGLE = 1e-5


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_of_one(name: str, dtype: str) -> None:
    function = getattr(np, name)
    X = np.column_stack([values(dtype)] * 2)
    if name == "reciprocal" and X.dtype.kind in "iu":
        X = X[X[:, 0] != 0]  # NumPy's own answer depends on the processor
    if name == "square" and dtype == "int64":
        X = X[np.abs(X[:, 0]) < 2**31]
    same(function, X, relative=SINGLE if dtype in ("float32", "int16", "uint16") else 1e-12)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_of_two(name: str, dtype: str) -> None:
    function = getattr(np, name)
    X = pairs(dtype, dtype)
    if name in ("multiply", "float_power") and dtype == "int64":
        X = X[(np.abs(X) < 2**31).all(axis=1)]
    if name in ("power", "float_power") and X.dtype.kind in "iu":
        X = X[(X[:, 1] >= 0) & (X[:, 1] < 5) & (np.abs(X[:, 0].astype(float)) < 1000)]
    same(
        lambda A: function(A[:, [0]], A[:, [1]]),
        X,
        relative=SINGLE if dtype in ("float32", "int16", "uint16") else 1e-12,
    )


COLUMNS: dict[str, Callable[[Any], Any]] = {
    "//": lambda df: (df.a // df.b).to_frame(),
    "%": lambda df: (df.a % df.b).to_frame(),
    "/": lambda df: (df.a / df.b).to_frame(),
    "*": lambda df: (df.a * df.b).to_frame(),
    "+": lambda df: (df.a + df.b).to_frame(),
    "-": lambda df: (df.a - df.b).to_frame(),
    "floor_divide": lambda df: np.floor_divide(df.a, df.b).to_frame(),
    "floordiv": lambda df: df.a.floordiv(df.b).to_frame(),
    "divmod": lambda df: divmod(df.a, df.b)[0].to_frame(),
    "constant // column": lambda df: (7 // df.b).to_frame(),
    "column // 0": lambda df: (df.a // 0).to_frame(),
    "frames": lambda df: df[["a"]] // 0,
    "frame by column": lambda df: df.floordiv(df.b, axis=0),
    "values": lambda df: pd.DataFrame({"a": df.a.values // df.b.values}),
    "to_numpy": lambda df: pd.DataFrame({"a": df.a.to_numpy() % df.b.to_numpy()}),
    "matrix": lambda df: pd.DataFrame({"a": df.to_numpy()[:, 0] // df.to_numpy()[:, 1]}),
    "comparison": lambda df: pd.DataFrame({"a": (df.a > df.b) + 0, "b": (df.a == df.b) * 2}),
    "where": lambda df: df.a.where(df.b > 0, 0).to_frame(),
    "astype": lambda df: (df.a.astype(float) // df.b.astype(float)).to_frame(),
    "not": lambda df: (~(df.a > 0)).astype(int).to_frame(),
    "~": lambda df: pd.DataFrame({"a": (~df.a).astype(float)}),
    "|": lambda df: pd.DataFrame({"a": (df.a | df.b).astype(float)}),
    "sum": lambda df: df.sum(axis=1).to_frame(),
    "abs": np.abs,
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "int64", "uint8", "Int8", "Int64", "float32", "float64"])
def test_columns(name: str, dtype: str) -> None:
    if name == "divmod" and dtype == "bool" and pd.__version__.startswith("2."):
        pytest.skip("pandas 2 divides False by False to NaN in divmod alone")
    plain = pairs(dtype.lower(), dtype.lower())
    if dtype == "Int64":
        plain = plain[(np.abs(plain) < 2**31).all(axis=1)]
    if name == "*" and dtype == "int64":
        plain = plain[(np.abs(plain) < 2**31).all(axis=1)]
    kinds: dict[Any, Any] = dict.fromkeys(("a", "b"), dtype)
    same(COLUMNS[name], pd.DataFrame(plain, columns=["a", "b"]).astype(kinds))


CASTS = (float, np.float32, np.int64, int, bool)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", CASTS, ids=lambda kind: kind.__name__)
def test_casts(dtype: str, target: Any) -> None:
    X = np.column_stack([values(dtype)] * 2)
    if X.dtype.kind == "f" and np.dtype(target).kind == "i":
        X = X[np.abs(X[:, 0]) < 2.0**62]  # beyond, C leaves the result open
    same(lambda A: A.astype(target), X)
    same(lambda A: A.astype(target) / 3, X, relative=SINGLE if np.float32 in (target, X.dtype) else 1e-12)
