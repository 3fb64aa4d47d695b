"""Random columns and rows: the sketch keeps its promises, and the contract refuses what the original refuses."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

import sealift
from sealift.contract import encode
from sealift.packing.probes.threshold_search import _key, _value
from sealift.runtime.engines import wasm
from sealift.stats import SMALL, sketch_numbers, sketch_strings

NUMBERS = st.lists(st.floats(width=64), max_size=150)


@given(NUMBERS)
def test_a_sketch_of_any_numbers(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sketch = sketch_numbers(np.array(values, dtype=np.float64))
        assert np.isfinite(sketch.at(np.linspace(0, 1, 7))).all()
    present = [value for value in values if np.isfinite(value)]
    assert np.isfinite(sketch.quantiles).all()
    assert list(sketch.quantiles) == sorted(sketch.quantiles)
    assert bool(sketch.quantiles) == (len(present) >= SMALL)
    for value in sketch.values:
        assert present.count(value) >= SMALL


@given(st.lists(st.floats(-1e6, 1e6), min_size=60, max_size=60), st.floats(1e7, 1e300), st.integers(1, 4))
def test_what_fewer_than_five_reach_changes_little(values: list[float], extreme: float, count: int) -> None:
    sketch = sketch_numbers(np.array([*values, *[extreme] * count]))
    assert sketch.bounds is not None
    assert sketch.bounds[1] <= 2e6


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=120))
def test_a_sketch_of_any_texts(values: list[str | None]) -> None:
    sketch = sketch_strings(values)
    assert all(values.count(value) >= SMALL for value in sketch.values)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=40))
def test_keys_order_doubles_and_come_back(values: list[float]) -> None:
    array = np.array(values)
    no, yes = np.zeros(len(array), dtype=bool), np.ones(len(array), dtype=bool)
    keys = _key(array, no, no)
    assert (_value(keys, no, no) == array).all()
    assert (np.argsort(keys, kind="stable") == np.argsort(array, kind="stable")).all()
    narrow = np.clip(array, -3e38, 3e38).astype(np.float32).astype(np.float64)
    keys = _key(narrow, no, yes)
    assert (_value(keys, no, yes) == narrow).all()
    assert (np.argsort(keys, kind="stable") == np.argsort(narrow, kind="stable")).all()


@cache
def _packed() -> tuple[Any, sealift.packing.Packed]:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"filled": random.normal(size=100), "needed": random.normal(size=100)})
    for name in ("strict", "free", "ordered"):
        X[name] = random.choice(["a", "b", "ä"], 100).astype(object)
    columns = make_column_transformer(
        (SimpleImputer(), ["filled"]),
        ("passthrough", ["needed"]),
        (OneHotEncoder(), ["strict"]),
        (OneHotEncoder(handle_unknown="ignore"), ["free"]),
        (OrdinalEncoder(), ["ordered"]),
    )
    model = make_pipeline(columns, LogisticRegression()).fit(X, X["needed"] > 0)
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(wasm, "node", lambda: None)  # the WebAssembly run has tests of its own
        return model, sealift.pack(model, X, name="p", output=Path(folder) / "p.seal")


CELL = st.sampled_from(["a", "b", "ä", "A", "", "new", " a", None])
NUMBER = st.one_of(st.floats(-1e9, 1e9), st.just(None))


@settings(max_examples=150)
@given(NUMBER, NUMBER, CELL, CELL, CELL)
def test_the_contract_refuses_what_the_original_refuses(
    filled: float | None, needed: float | None, strict: str | None, free: str | None, ordered: str | None
) -> None:
    model, packed = _packed()
    row = {"filled": filled, "needed": needed, "strict": strict, "free": free, "ordered": ordered}
    frame = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in row.items()})
    frame = frame.astype({"filled": "float64", "needed": "float64"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.predict(frame)
            accepted = True
        except (ValueError, TypeError):
            accepted = False
    assert bool(encode(packed.contract, {name: [value] for name, value in row.items()}).good[0]) == accepted
