"""Tables for the tests of the boosting libraries: continuous, on a grid of decimals, with gaps, and full of ties."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

KINDS = ("continuous", "grid", "gaps", "ties")
SINGLE = 1e-6  # one rounding of an exponential in float32, far below the policy's 1e-5


@cache
def table(kind: str, count: int = 400, seed: int = 0) -> Any:
    """Rows (count, 4)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 4))
    if kind == "grid":
        return np.round(X, 1)
    if kind == "gaps":
        X[rng.random(X.shape) < 0.2] = np.nan
    if kind == "ties":
        return rng.integers(0, 3, size=X.shape).astype(float)
    return X


def rows(kind: str) -> Any:
    """Rows that no model was trained on, tiny, negative-zero and huge values among them."""
    X = table(kind, 1500, 1).copy()
    X[:40] *= 1e-36
    X[40:50, 0], X[50:60, 1], X[60:70] = -0.0, 1e30, -1e30
    return X


def neighbours(X: Any) -> Any:
    """The rows of X and what stands beside them, in float64 and in float32, where one side of a threshold begins."""
    single = X.astype(np.float32)
    up, down = (np.nextafter(single, np.float32(way)).astype(float) for way in (np.inf, -np.inf))
    middle = (single.astype(float) + up) / 2
    beside = [np.nextafter(place, way) for place in (X, single.astype(float), middle) for way in (np.inf, -np.inf)]
    return np.vstack([X, single.astype(float), up, down, middle, *beside])


def two(X: Any) -> Any:
    """Two classes."""
    z = np.nan_to_num(X)
    return (z[:, 0] * z[:, 1] + 0.3 * z[:, 2] > 0.1).astype(int)


def three(X: Any) -> Any:
    """Three classes."""
    return two(X) + (np.nan_to_num(X)[:, 3] > 0.2)


def value(X: Any) -> Any:
    """A positive number."""
    z = np.nan_to_num(X)
    return np.abs(z[:, 0] * z[:, 1] + z[:, 2]) + 0.1


def mixed(count: int = 400, seed: int = 0) -> Any:
    """A data frame of numbers, a boolean and texts, with missing numbers."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=count),
            "town": rng.choice([f"t{i}" for i in range(40)], count),
            "colour": rng.choice(["rot", "gruen", "blau"], count),
            "grade": rng.choice([1, 2, 30], count),
            "flag": rng.random(count) < 0.5,
        }
    )
    frame.loc[::7, "number"] = np.nan
    return frame


def outcome(frame: Any) -> Any:
    """A number that depends on every column of `mixed`."""
    town = frame["town"].astype(str).str[1:].astype(float) % 3
    return town + frame["number"].fillna(2.0) + (frame["colour"] == "rot") * frame["grade"].astype(float) / 10
