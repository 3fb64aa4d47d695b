"""Tables for the tests of transformers: awkward numbers and words, rows beyond the training range, and the check."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd

from cases import fitted
from parity import RELATIVE, answers, assert_same, expected

SINGLE = 2e-5  # what float32 leaves


def numbers() -> Any:
    """Columns of different scales, one of whole numbers and one that is constant."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(160, 4)) * [1, 10, 0.01, 100] + [0, 5, 0.1, 0]
    X[:, 3] = np.round(X[:, 3])
    return np.column_stack([X, np.full(160, 3.0)])


def gaps() -> Any:
    """The same with missing values."""
    X = numbers()
    X[np.random.default_rng(1).random(X.shape) < 0.15] = np.nan
    return X


def far() -> Any:
    """Rows of that form far beyond the training range."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(40, 5)) * [3, 30, 0.03, 300, 9]


def mixed() -> Any:
    """120 rows of eight columns that hang together."""
    rng = np.random.default_rng(3)
    return rng.normal(size=(120, 8)) @ rng.normal(size=(8, 8)) + rng.normal(size=8) * 3


def words(null: float | None = math.nan, *, missing: bool = True) -> Any:
    """Texts, with accents and the empty one, beside whole and broken numbers; what is missing is `null`."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "city": rng.choice(["Köln", "Paris", "", "Łódź", "Rome"], 160, p=[0.4, 0.3, 0.2, 0.05, 0.05]),
            "unit": rng.choice(["Köln", "a b", "é"], 160),
            "count": rng.integers(0, 5, 160),
            "half": rng.choice([1.5, 2.5, np.nan] if missing else [1.5, 2.5], 160),
        }
    ).astype({"city": object, "unit": object})
    if missing:
        frame.loc[::7, "city"] = null
        frame.loc[::9, "unit"] = null
    return frame


def unseen(frame: Any) -> Any:
    """The frame with values that training never had."""
    changed = frame.copy()
    changed.loc[::3, "city"] = "unseen"
    changed.loc[1::6, "unit"] = "e\u0301"
    changed.loc[::5, "count"] = 99
    changed.loc[::4, "half"] = 7.25
    return changed


def same(model: Any, X: Any, rows: Any = None, y: Any = None, *, relative: float = RELATIVE) -> None:
    """Fit a copy and compare its graph's answers with its own: on X, on `rows` and on a single row."""
    model = fitted(model, X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(model, X, relative=relative)
        if rows is not None:
            assert_same(model, X, rows, relative=relative)
        assert_same(model, X, X[:1], relative=relative)


def same_values(model: Any, X: Any) -> None:
    """Like `same` for many rows, where the original's shape for a single row is another."""
    conversion, actual = answers(model, X)
    truth = expected(model, conversion.task, X)
    for name, values in truth.items():
        np.testing.assert_allclose(actual[name], values, rtol=RELATIVE, atol=RELATIVE)
