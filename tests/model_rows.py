"""The rows that the models in models/ were trained on and asked about; runs on any version of Python 3 and NumPy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "models"


def table(count: int, seed: int) -> Any:
    """Two numbers on a grid of hundredths with gaps, a category of four and one of seventy, as numbers."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(count, 2)), 2)
    X[rng.random(X.shape) < 0.15] = np.nan
    return np.column_stack([X, rng.integers(0, 4, count), rng.integers(0, 70, count)])


def targets(X: Any) -> dict[str, Any]:
    """A positive value, two classes, three classes, counts."""
    z = np.nan_to_num(X)
    value = np.abs(z[:, 0] + z[:, 1] * z[:, 2]) + (X[:, 3] % 3) * 0.5 + 0.1
    return {
        "value": value,
        "two": (value > 1.2).astype(int),
        "three": np.digitize(value, [0.8, 1.6]),
        "count": np.floor(value * 2).astype(int),
    }


def strange(X: Any) -> Any:
    """The rows with categories that no training row had: unseen, negative, missing, broken, enormous."""
    X = X.copy()
    X[:3, 2], X[3:6, 3], X[6:9, 3], X[9:12, 2], X[12:15, 3] = 9, -1, 200, np.nan, np.nan
    X[15:18, 3] += 0.5
    X[18, 3], X[19, 2] = 3e9, -0.5
    return X


def frame(X: Any) -> Any:
    """A data frame whose category c has names, and d whole numbers."""
    import pandas as pd

    names = np.array(["p", "q", "r", "s"])[X[:, 2].astype(int)]
    return pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": names, "d": X[:, 3].astype(int) % 9})


TRAIN, ROWS = table(300, 0), table(40, 1)


def save(path: Path, rows: Any) -> None:
    np.savetxt(path, np.asarray(rows), fmt="%.17g", delimiter=",")


def libsvm(path: Path, X: Any, y: Any) -> None:
    """The format that XGBoost's program reads; what is missing is left out."""
    lines = (
        " ".join([str(float(t)), *(f"{i}:{float(v)!r}" for i, v in enumerate(row) if v == v)])
        for row, t in zip(X, y)  # noqa: B905 -- Python 3.8
    )
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":  # for make_xgboost_program.sh
    for name, y in targets(TRAIN).items():
        libsvm(Path(sys.argv[1], f"{name}.svm"), TRAIN, y)
    libsvm(Path(sys.argv[1], "rows.svm"), ROWS, np.zeros(len(ROWS)))
