"""The graph of the sealed file in ONNX Runtime with one thread, as the peers without a sealed file run it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

folder = Path(os.environ["BENCH_MODEL"])
_options = onnxruntime.SessionOptions()
_options.intra_op_num_threads = 1
_options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(folder / "model.onnx", _options, providers=["CPUExecutionProvider"])
input_name = session.get_inputs()[0].name
one_row = (1, *session.get_inputs()[0].shape[1:])
output_names = [output.name for output in session.get_outputs()]
names: list[str] = json.loads((folder / "columns.json").read_text())["names"]


def outputs(array: Any) -> dict[str, Any]:
    """Output name → array of N answers."""
    return dict(zip(output_names, session.run(output_names, {input_name: array}), strict=True))


def answer(row: dict[str, float]) -> dict[str, Any]:
    """The answer to one row of numbers."""
    results = outputs(np.array([[row[name] for name in names]]))
    return {"label": int(results["label"][0]), "probability": results["probability"][0].tolist()}


def answers(rows: list[dict[str, float]]) -> list[dict[str, Any]]:
    """The answers to many rows of numbers."""
    results = outputs(np.array([[row[name] for name in names] for row in rows]))
    pairs = zip(results["label"].tolist(), results["probability"].tolist(), strict=True)
    return [{"label": label, "probability": probability} for label, probability in pairs]
