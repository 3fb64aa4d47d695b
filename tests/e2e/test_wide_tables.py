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


@pytest.mark.parametrize(("rows", "columns"), [(100, 4_000), (40, 10_000)])
def test_thousands_of_columns(rows: int, columns: int, tmp_path: Path) -> None:
    X = np.random.default_rng(1).normal(size=(rows, columns))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=20)).fit(X, X[:, 0] > 0)
    start = time.process_time()
    made = sealift.pack(model, X, name="wide", output=tmp_path / "wide.seal").load()
    assert time.process_time() - start < 180  # 4 s and 18 s on two slow cores; it was minutes, growing with the square
    assert len(made.contract.inputs) == columns
    assert len(json.loads(bytes(made.seal.members["reference/background.json"]))["rows"]) >= 8
    assert made.self_test().passed
