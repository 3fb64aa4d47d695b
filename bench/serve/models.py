"""The models that are served, in a folder each: sealed, pickled, as a graph, with the rows that are sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

import sealift
from bench.serve import nets
from bench.speed import call_cases
from sealift.serve.access import keys

NAME = "bench"
ROWS, MANY = 64, 1000
"""Rows that take turns as requests of one row, and rows of one request of many."""
_DEPLOYMENT = """[server]
workers = 2

[[models]]
file = "model.seal"

[records]
store = "records.db"

[access]
keys = "keys.json"
"""
_SECRET = "secret"


@dataclass(frozen=True)
class Prepared:
    """A model and its rows.

    Attributes:
        folder: model.seal, model.joblib, model.onnx, columns.json and the deployment serve.toml.
        rows: rows as objects of JSON.
        expected: the original's probabilities of the classes for `rows`, (rows, classes).
    """

    folder: Path
    rows: list[dict[str, Any]]
    expected: Any

    @property
    def names(self) -> list[str]:
        """The columns in their order."""
        return list(self.rows[0])


def prepared(kind: str, folder: Path) -> Prepared:
    """A model with 30 columns, `numeric` or `mixed`; it is trained and packed unless the folder has it."""
    frame, make = _TABLES[kind]
    train = frame(4000)
    y = (train.iloc[:, :12].sum(axis=1) + np.random.default_rng(2).normal(size=4000) > 0).astype(int)
    fitted = make()
    path = folder / kind
    values = train if kind == "mixed" else train.to_numpy()
    if not (path / "serve.toml").exists():
        path.mkdir(parents=True, exist_ok=True)
        fitted.fit(values[:3000], y[:3000])
        cloudpickle.register_pickle_by_value(call_cases)
        (path / "model.joblib").write_bytes(cloudpickle.dumps(fitted))
        columns = {
            "names": list(train),
            "numeric": kind == "numeric",
            "dates": [name for name in train if name.startswith("date")],
            "numbers": [name for name in train if train[name].dtype == float],
        }
        (path / "columns.json").write_text(json.dumps(columns))
        _seal(fitted, train[3000:], path)
        rows = frame(MANY)
        expected = fitted.predict_proba(rows if kind == "mixed" else rows.to_numpy())
        np.save(path / "expected.npy", expected)
    return Prepared(path, call_cases.dicts_of(frame(MANY)), np.load(path / "expected.npy"))


def net(kind: str, folder: Path) -> Path:
    """The folder of a net (`bench.serve.nets.NETS`), sealed and as a graph."""
    path = folder / kind
    if not (path / "serve.toml").exists():
        path.mkdir(parents=True, exist_ok=True)
        made = nets.NETS[kind]()
        (path / "model.onnx").write_bytes(made.SerializeToString())
        (path / "columns.json").write_text(json.dumps({"names": []}))
        _seal(path / "model.onnx", nets.rows(made, 8), path)
    return path


def _seal(model: Any, rows: Any, path: Path) -> None:
    sealed = path / "model.seal"
    sealift.pack(
        model,
        rows,
        name=NAME,
        output=sealift.OutputFile(sealed, overwrite=True),
        proof=sealift.ProofOptions(engines=("native",)),
    )
    if not (path / "model.onnx").exists():
        (path / "model.onnx").write_bytes(bytes(sealift.load(sealed).seal.members["model.onnx"]))
    (path / _SECRET).write_text(keys.create(path / "keys.json", "bench", ["predict"])[1])
    (path / "serve.toml").write_text(_DEPLOYMENT)


def credentials(folder: Path) -> dict[str, str]:
    """The header with the API key of a model's deployment; empty where it needs none."""
    secret = folder / _SECRET
    return {"Authorization": f"Bearer {secret.read_text()}"} if secret.exists() else {}


_TABLES: dict[str, tuple[Callable[[int], Any], Callable[[], Any]]] = {
    "numeric": (call_cases.numeric, lambda: GradientBoostingClassifier(n_estimators=100, random_state=0)),
    "mixed": (
        call_cases.mixed,
        lambda: make_pipeline(call_cases.preprocessing(), HistGradientBoostingClassifier(max_iter=100, random_state=0)),
    ),
}
