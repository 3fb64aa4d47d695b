"""FastAPI and the pickled model, as tutorials show it: a plain function, which FastAPI calls in a thread."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from fastapi import FastAPI  # type: ignore[import-not-found]

folder = Path(os.environ["BENCH_MODEL"])
model = joblib.load(folder / "model.joblib")
columns = json.loads((folder / "columns.json").read_text())
app = FastAPI()


def table(rows: list[dict[str, Any]]) -> Any:
    if columns["numeric"]:
        return np.array([[row[name] for name in columns["names"]] for row in rows], dtype=np.float64)
    import pandas as pd

    frame = pd.DataFrame(rows, columns=columns["names"])
    frame[columns["dates"]] = frame[columns["dates"]].apply(pd.to_datetime)
    return frame.astype(dict.fromkeys(columns["numbers"], float))


def answers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    probabilities = model.predict_proba(table(rows))
    labels = model.classes_[probabilities.argmax(axis=1)]
    return [
        {"label": int(label), "probability": row} for label, row in zip(labels, probabilities.tolist(), strict=True)
    ]


def predict(row: dict[str, Any]) -> dict[str, Any]:
    return answers([row])[0]


def predict_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return answers(rows)


app.post("/predict")(predict)
app.post("/predict_rows")(predict_rows)
