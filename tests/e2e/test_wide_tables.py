"""Tables of thousands of columns are packed in seconds, and answer."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sealift


# About 4 s and 18 s of two slow cores; it was minutes, growing with the square of the columns.
@pytest.mark.parametrize(("rows", "columns", "seconds"), [(100, 4_000, 60), (40, 10_000, 180)])
def test_thousands_of_columns(rows: int, columns: int, seconds: int, tmp_path: Path) -> None:
    X = np.random.default_rng(1).normal(size=(rows, columns))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, X[:, 0] > 0)
    start = time.process_time()
    packed = sealift.pack(model, X, name="wide", output=tmp_path / "wide.seal")
    assert packed.report.compared["caller"] > 0
    assert packed.report.compared["plausible"] > 0
    made = packed.load()
    assert made.self_test().passed
    assert len(made.contract.inputs) == columns
    assert time.process_time() - start < seconds
    assert len(json.loads(bytes(made.seal.members["reference/background.json"]))["rows"]) >= 8
