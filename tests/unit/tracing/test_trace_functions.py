"""NumPy's and pandas' functions, each as a user may write it, on awkward numbers: the trace gives what they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from traces import traced

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 3)) * [1, 10, 100]
X[:12] = RANDOM.choice([0.0, -0.0, 0.5, -1.5, 2.5, 1e-300, 5e-324, 1e16, 1e300, -1e300, 24.0, 1.0], (12, 3))
X[12:30][RANDOM.random((18, 3)) < 0.4] = np.nan
WHOLE = RANDOM.integers(-9, 9, (60, 3)).astype(float)
FRAME = pd.DataFrame(X, columns=list("abc"))

Function = Callable[[Any], Any]
ONE = """abs arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh deg2rad exp exp2 expm1 fabs floor isfinite
isinf isnan log log10 log1p log2 negative rad2deg reciprocal rint sign signbit sin sinh sqrt square tan tanh
trunc""".split()  # noqa: SIM905 - a list of a word a line is no easier to read
TWO = """add arctan2 copysign divide floor_divide fmax fmin fmod greater heaviside hypot less_equal logaddexp maximum
minimum multiply power remainder subtract""".split()  # noqa: SIM905


def single(function: Any) -> Function:
    return lambda x: function(x) * 1.0


def double(function: Any) -> Function:
    return lambda x: function(x[:, [0]], x[:, [1]]) * 1.0


def in_place(x: Any) -> Any:
    x = x.copy()
    x[x < 0] = 0
    x[:, 1] = x[:, 1] * 2
    x[x[:, 0] > 1, 2] = 7
    x += 1
    return x


ARRAYS: dict[str, Function] = {
    **{name: single(getattr(np, name)) for name in ONE},
    **{f"{name} of two": double(getattr(np, name)) for name in TWO},
    "rounded": lambda x: np.round(x, 2),
    "rounded to tens": lambda x: np.round(x, -1),
    "modulo": lambda x: x % 7,
    "modulo a negative": lambda x: x % -0.3,
    "divmod": lambda x: np.column_stack(np.divmod(x[:, 0], 3.0)),
    "roots": lambda x: np.sign(x) * np.abs(x) ** (1 / 3),
    "powers": lambda x: np.column_stack([x[:, 0] ** k for k in range(4)]),
    "bins": lambda x: np.digitize(x, [-1, 0, 0.5, 10]),
    "bins, closed right": lambda x: np.digitize(x, [-1, 0, 0.5, 10], right=True),
    "places": lambda x: np.searchsorted([-1, 0, 0.5, 10.0], np.nan_to_num(x)),
    "between points": lambda x: np.interp(x[:, 0], [-1, 0, 2], [5, 3, 7])[:, None],
    "clipped": lambda x: np.clip(x, [-1, 0, 1], [1, 5, 9]),
    "chosen": lambda x: np.select([x > 1, x > 0], [x, x * 2], -1.0),
    "without NaN": lambda x: np.nan_to_num(x, nan=-1.0, posinf=3.0),
    "listed": lambda x: np.isin(x, [0, 1, 2.5]) * 1.0,
    "not listed": lambda x: np.isin(x, [0.5, 24.0], invert=True) * 1.0,
    "sums": lambda x: np.cumsum(x, axis=1),
    "differences": lambda x: np.diff(x, axis=1),
    "mean": lambda x: x.mean(axis=1, keepdims=True),
    "deviation": lambda x: np.nanstd(x[:, :2] / 1e300, axis=1, ddof=1)[:, None],
    "median": lambda x: np.median(x, axis=1, keepdims=True),
    "extremes": lambda x: np.column_stack([x.max(axis=1), np.nanmin(x, axis=1), np.ptp(x, axis=1)]),
    "where the extremes are": lambda x: np.column_stack([x.argmax(axis=1), np.argmin(x, axis=1)]),
    "any and all": lambda x: np.c_[(x > 0).any(axis=1), (x > 0).all(axis=1), np.count_nonzero(x > 1, axis=1)],
    "sorted": lambda x: np.sort(x, axis=1),
    "reversed": lambda x: np.flip(x, axis=1),
    "norms": lambda x: np.column_stack([np.linalg.norm(x / 1e300, axis=1), np.linalg.norm(x, 1, axis=1)]),
    "greatest norm": lambda x: np.linalg.norm(x, np.inf, axis=1)[:, None],
    "made alike": lambda x: np.zeros_like(x) + np.ones_like(x, dtype=float) + np.full_like(x, 2.0),
    "made anew": lambda x: np.zeros((len(x), 3)) + np.full((x.shape[0], 3), 2.0) + np.ones(x.shape),
    "shapes": lambda x: np.ravel(np.squeeze(np.expand_dims(x[:, 0], 1), axis=1))[:, None] * np.ndim(x),
    "turned twice": lambda x: np.transpose(x.T) + np.atleast_1d(np.copy(x)),
    "reshaped": lambda x: np.reshape(x[:, :, None], (-1, 3)) + np.real(x),
    "joined": lambda x: np.hstack([x, np.append(x, x[:, :1], axis=1), np.delete(x, 1, axis=1)]),
    "stacked": lambda x: np.stack([x[:, 0], x[:, 1]], axis=1),
    "columns": lambda x: np.c_[np.sin(2 * np.pi * x[:, 0] / 24), x[:, 1:]],
    "products": lambda x: np.nan_to_num(x) @ np.arange(9.0).reshape(3, 3) / 1e3,
    "outer": lambda x: (x[:, :, None] * x[:, None, :]).reshape(len(x), -1),
    "of a list": lambda x: np.max([x[:, 0], x[:, 1]], axis=0)[:, None],
    "reduced": lambda x: np.add.reduce(x, axis=1)[:, None],
    "as bool": lambda x: x.astype(bool) * 1.0,
    "conditions": lambda x: ((x > 0) & ~(x > 5) | (x < -3)) * 1.0,
    "in place": in_place,
}  # fmt: skip


def changed(df: Any) -> Any:
    df = df.copy()
    df["d"] = df["a"] / df["b"]
    df.loc[df["a"] > 0, "a"] = 3.0
    df[["b", "c"]] = df[["c", "b"]].to_numpy()
    df.insert(0, "first", df.pop("d"))
    df.columns = [f"x_{name}" for name in df.columns]
    del df["x_c"]
    return df


def in_frame(df: Any) -> Any:
    df = df.copy()
    df.fillna(0.0, inplace=True)
    df.drop(columns="b", inplace=True)
    df.rename(columns=str.upper, inplace=True)
    return df


TABLES: dict[str, Function] = {
    "changed": changed,
    "assigned": lambda df: df.assign(d=lambda x: x["a"] * 2, e=df["b"].abs()),
    "dropped": lambda df: df.drop(columns=["a"]).rename(columns={"b": "x"}).add_prefix("p_").add_suffix("_s"),
    "filled": lambda df: df.fillna({"a": 0.0}).fillna(1.0),
    "filled in place": in_frame,
    "where": lambda df: df.where(df > 0, -1.0).mask(df > 5, 9.0),
    "applied": lambda df: df.apply(np.tanh).apply(lambda s: s + 1),
    "mapped": lambda df: df.map(np.abs),
    "operations": lambda df: df.div(df["a"], axis=0).add(1).mul(2.0).sub(df),
    "over columns": lambda df: pd.DataFrame({"s": df.sum(axis=1), "m": df.mean(axis=1), "x": df.max(axis=1)}),
    "any": lambda df: (df > 0).any(axis=1).to_frame("any").assign(all=(df > 0).all(axis=1)),
    "missing": lambda df: df.isna().astype(float) + df.notnull().astype(int),
    "isna": lambda df: pd.isna(df).astype(float),
    "picked": lambda df: df.filter(regex="[ab]").reindex(columns=["b", "a"]),
    "placed": lambda df: df.loc[:, "b":] + df.iloc[:, [1, 2]],
    "by mask": lambda df: df.loc[:, [True, False, True]],
    "joined": lambda df: pd.concat([df, df["a"].rename("z"), np.sqrt(df[["b"]]).add_suffix("_root")], axis=1),
    "clipped": lambda df: df.clip(-1, 1).round(1).astype({"a": "float32"}),
    "a column": lambda df: df["a"].between(0, 1).astype(int).to_frame("in").assign(out=df["a"].isin([0.5, 24.0])),
    "a column filled": lambda df: df[["a"]].fillna(0).clip(lower=0).where(lambda s: s > 1, 2),
    "looked up": lambda df: df["a"].map({0.5: 1, 24.0: 2}).to_frame(),
    "in a set": lambda df: df["a"].isin({0.5, 24.0}).to_frame().assign(b=df["b"].isin([np.nan, 1.0])),
    "all in a set": lambda df: df.isin({0.5, np.nan}),
    "looped": lambda df: pd.DataFrame({name: column.pipe(np.log1p) for name, column in df.items()}),
    "of values": lambda df: pd.DataFrame(df.values * 2, columns=df.columns),
    "attributes": lambda df: (df.a + df.get("b") + df.get("nothing", 0)).to_frame(),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name: str) -> None:
    traced(ARRAYS[name], X, relative=1e-11)
    traced(ARRAYS[name], WHOLE, relative=1e-11)


@pytest.mark.parametrize("name", TABLES)
def test_frames(name: str) -> None:
    traced(TABLES[name], FRAME)
