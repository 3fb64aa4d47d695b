"""FastAPI and ONNX Runtime, tuned: asynchronous functions, so that no thread is involved."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_graph  # type: ignore[import-not-found]
from fastapi import FastAPI, Request, Response  # type: ignore[import-not-found]

app = FastAPI()


async def predict(row: dict[str, float]) -> dict[str, Any]:
    answer: dict[str, Any] = onnx_graph.answer(row)
    return answer


async def predict_rows(rows: list[dict[str, float]]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = onnx_graph.answers(rows)
    return answers


async def predict_tensor(request: Request) -> Response:
    """A float32 tensor as bytes, for nets."""
    array = np.frombuffer(await request.body(), dtype=np.float32).reshape(onnx_graph.one_row)
    return Response(onnx_graph.outputs(array)["value"].tobytes(), media_type="application/octet-stream")


predict_tensor.__annotations__ = {"request": Request, "return": None}
app.post("/predict")(predict)
app.post("/predict_rows")(predict_rows)
app.post("/predict_tensor", response_model=None)(predict_tensor)
