"""Functions of pandas and NumPy that people bin, name and clip with give in the graph what they give in the library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import sealift
from parity import assert_same
from sealift.errors import PackError
from traces import traced

RNG = np.random.default_rng(0)
GAPS = pd.DataFrame(RNG.normal(size=(80, 5)).round(2), columns=list("abcde"))
GAPS = GAPS.mask(RNG.random(GAPS.shape) < 0.3)
GAPS.loc[0] = np.nan
GAPS.loc[1, "a"] = np.nan
MATRIX = RNG.normal(size=(60, 3))
WEIGHTS = RNG.normal(size=(3, 2))
EDGES = [-1.0, -0.5, 0.0, 0.5]
ON_EDGES = pd.DataFrame({"x": [*EDGES, *np.nextafter(EDGES, 9.0), *np.nextafter(EDGES, -9.0), np.nan, 7.0, -7.0]})

FRAMES: dict[str, Callable[[Any], Any]] = {
    "median": lambda d: d.assign(m=d.median(axis=1)),
    "median of even and odd counts": lambda d: d[["a", "b"]].assign(m=d[["a", "b"]].median(axis=1)),
    "median that keeps gaps": lambda d: d.assign(m=d.median(axis=1, skipna=False)),
    "nanmedian": lambda d: d.assign(m=np.nanmedian(d[["a", "b", "c", "d"]], axis=1)),
    "astype category": lambda d: d.assign(a=d["a"].astype("category")),
    "astype category by column": lambda d: d.astype({"a": "category"}),
}
CUTS: dict[str, Callable[[Any], Any]] = {
    "numbers": lambda d: d.assign(q=pd.cut(d["x"], EDGES, labels=False)),
    "closed on the left": lambda d: d.assign(q=pd.cut(d["x"], EDGES, right=False, labels=False)),
    "lowest included": lambda d: d.assign(q=pd.cut(d["x"], EDGES, labels=False, include_lowest=True)),
    "labels that are numbers": lambda d: d.assign(q=pd.cut(d["x"], EDGES, labels=[10, 20, 30]).astype(float)),
}
ARRAYS: dict[str, Callable[[Any], Any]] = {
    "einsum of rows": lambda A: np.c_[A, np.einsum("ij,ij->i", A, A)],
    "einsum with weights": lambda A: np.einsum("ij,jk->ik", A, WEIGHTS),
    "einsum without an arrow": lambda A: np.einsum("ij,jk", A, WEIGHTS),
    "einsum of three": lambda A: np.einsum("ij,jk,ik->ik", A, WEIGHTS, A[:, :2]),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FRAMES)
def test_frames(name: str) -> None:
    traced(FRAMES[name], GAPS)


@pytest.mark.parametrize("name", CUTS)
def test_cut(name: str) -> None:
    traced(CUTS[name], ON_EDGES)


def test_cut_with_names() -> None:
    def banded(d: Any) -> Any:
        return d.assign(q=pd.cut(d["x"], EDGES, labels=["low", "middle", "high"]).astype(object))

    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["q"]))
    assert_same(make_pipeline(FunctionTransformer(banded), encode).fit(ON_EDGES), ON_EDGES)


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name: str) -> None:
    traced(ARRAYS[name], MATRIX)


def test_clip_by_kw_args() -> None:
    for rows in (MATRIX, pd.DataFrame(MATRIX, columns=list("abc"))):
        traced(np.clip, rows, kw_args={"a_min": -0.5, "a_max": 0.5})
    traced(np.clip, pd.DataFrame(MATRIX, columns=list("abc")), kw_args={"a_min": -0.5, "a_max": None})


@pytest.mark.parametrize("kind", ["month_name", "day_name"])
def test_names_of_months_and_days(kind: str, tmp_path: Path) -> None:
    dates = pd.DataFrame({"when": pd.date_range("1999-12-27", periods=90, freq="117h"), "x": np.arange(90.0)})
    dates.loc[5, "when"] = pd.NaT

    def named(d: Any) -> Any:
        return d.assign(name=getattr(d["when"].dt, kind)())[["name", "x"]]

    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["name"]), remainder="passthrough")
    model = make_pipeline(FunctionTransformer(named), encode).fit(dates)
    assert sealift.pack(model, dates, name="m", output=tmp_path / "m.seal").report.passed


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a number of bins": (lambda d: d.assign(q=pd.cut(d["a"], 3, labels=False)), "all rows at once"),
    "intervals": (lambda d: d.assign(q=pd.cut(d["a"], EDGES)), "intervals as values"),
    "einsum over the rows": (lambda d: d.assign(q=np.einsum("ij->j", d[["a", "b"]].to_numpy())[0]), "rows at once"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str, tmp_path: Path) -> None:
    function, part = REFUSED[name]
    rows = GAPS.fillna(0.0)
    with pytest.raises(PackError) as caught:
        sealift.pack(FunctionTransformer(function).fit(rows), rows, name="m", output=tmp_path / "m.seal")
    assert part in caught.value.what
