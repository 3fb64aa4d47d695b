"""BentoML with its adaptive batching, two workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bentoml  # type: ignore[import-not-found]


class Model:
    def __init__(self) -> None:
        import json

        import joblib
        import numpy as np

        folder = Path(os.environ["BENCH_MODEL"])
        self.model = joblib.load(folder / "model.joblib")
        self.names = json.loads((folder / "columns.json").read_text())["names"]
        self.array = np.array

    def predict(self, rows: list[dict[str, float]]) -> list[dict[str, Any]]:
        probabilities = self.model.predict_proba(self.array([[row[name] for name in self.names] for row in rows]))
        labels = probabilities.argmax(axis=1).tolist()
        return [{"label": label, "probability": row} for label, row in zip(labels, probabilities.tolist(), strict=True)]


Model.predict = bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=1000)(Model.predict)  # type: ignore[method-assign]
Model = bentoml.service(workers=2)(Model)  # type: ignore[misc]
