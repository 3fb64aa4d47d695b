"""Small tables for the boosters, with frequent causes of differences: missing values, decimals, ties, categories."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

KINDS = ("continuous", "grid", "gaps", "ties")
COLUMNS = 4


@cache
def numbers(kind: str = "gaps", seed: int = 0, count: int = 400) -> Any:
    """Rows (N, 4) float64."""
    random = np.random.default_rng(seed)
    if kind == "ties":
        return random.integers(0, 3, size=(count, COLUMNS)).astype(np.float64)
    X = random.normal(size=(count, COLUMNS))
    if kind == "grid":
        return np.round(X, 1)
    if kind == "gaps":
        X[random.random(X.shape) < 0.2] = np.nan
    return X


def two(X: Any) -> Any:
    """Two classes (N,)."""
    z = np.nan_to_num(X)
    return (z[:, 0] * z[:, 1] + 0.3 * z[:, 2] > 0.1).astype(int)


def three(X: Any) -> Any:
    """Three classes (N,)."""
    return two(X) + (np.nan_to_num(X)[:, 3] > 0.2)


def words(X: Any) -> Any:
    """Three classes (N,) with names."""
    return np.array(["low", "médium", "high"])[three(X)]


def labels(X: Any) -> Any:
    """Two labels of which both may be present (N, 2)."""
    return np.column_stack([two(X), np.nan_to_num(X)[:, 3] > 0]).astype(int)


def amount(X: Any) -> Any:
    """A positive number (N,)."""
    z = np.nan_to_num(X)
    return np.abs(z[:, 0] * z[:, 1] + z[:, 2]) + 0.1


def share(X: Any) -> Any:
    """A number between 0 and 1 (N,)."""
    return np.minimum(amount(X), 1.0)


def pair(X: Any) -> Any:
    """Two numbers (N, 2)."""
    return np.column_stack([amount(X), -(amount(X) ** 2)])


def groups(X: Any) -> Any:
    """The query of each row (N,), 40 rows each, for rankings."""
    return np.arange(len(X)) // 40


@cache
def mixed(seed: int = 0, count: int = 400) -> pd.DataFrame:
    """A number with missing values, strings with few and with many values, an integer identifier, and a boolean."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "number": random.normal(size=count),
            "town": pd.Series(random.choice([f"town {i}" for i in range(30)], count), dtype=object),
            "colour": pd.Series(random.choice(["red", "green", "blue"], count), dtype=object),
            "grade": random.choice([1, 2, 30], count),
            "flag": random.random(count) < 0.5,
        }
    )
    frame.loc[::7, "number"] = np.nan
    return frame


def categorical(seed: int = 0, *, gaps: bool = True) -> pd.DataFrame:
    """`mixed` with pandas categoricals, whose categories do not depend on the seed; some values are missing."""
    frame = mixed(seed).copy()
    for name in ("town", "colour", "grade"):
        frame[name] = pd.Categorical(frame[name], categories=sorted(set(mixed()[name])))
    if gaps:
        frame.loc[::9, "town"] = np.nan
    return frame


@cache
def coded(seed: int = 0, count: int = 400) -> Any:
    """Rows (N, 3): a number and two columns of category numbers."""
    random = np.random.default_rng(seed)
    X = np.column_stack([random.normal(size=count), random.integers(0, 40, count), random.integers(0, 4, count)])
    X[::11, 1] = np.nan
    return X


def of_coded(X: Any) -> Any:
    """A number that depends on the first two columns (N,)."""
    return np.nan_to_num(X[:, 1]) % 3 + X[:, 0]


def of_mixed(frame: pd.DataFrame) -> Any:
    """A number that depends on every column but the boolean (N,)."""
    town = frame["town"].astype(object).fillna("town 0").str[5:].astype(float) % 3
    return (
        town + frame["number"].fillna(2.0) + (frame["colour"] == "red") * frame["grade"].astype(float) / 10
    ).to_numpy()


def on(model: Callable[[], Any], target: Callable[[Any], Any], kind: str = "gaps", **fit: Any) -> Any:
    """A function that fits `model` on one table and returns rows of another."""

    def fitted() -> tuple[Any, Any]:
        X = numbers(kind)
        return model().fit(X, target(X), **fit), numbers(kind, 1)

    return fitted


def on_all(title: str, model: Callable[[], Any], target: Callable[[Any], Any]) -> dict[str, Any]:
    """`on` for each kind of table, as variants of one name."""
    return {f"{title} | {kind}": on(model, target, kind) for kind in KINDS}
