"""A bare loop: granian's RSGI, orjson and ONNX Runtime; neither validation, records, metrics nor keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_graph  # type: ignore[import-not-found]
import orjson  # type: ignore[import-not-found]

_JSON = [("content-type", "application/json")]
_BYTES = [("content-type", "application/octet-stream")]


async def app(scope: Any, protocol: Any) -> None:
    body = await protocol()
    if scope.path == "/predict":
        protocol.response_bytes(200, _JSON, orjson.dumps(onnx_graph.answer(orjson.loads(body))))
    elif scope.path == "/predict_rows":
        protocol.response_bytes(200, _JSON, orjson.dumps(onnx_graph.answers(orjson.loads(body))))
    else:
        array = np.frombuffer(body, dtype=np.float32).reshape(onnx_graph.one_row)
        protocol.response_bytes(200, _BYTES, onnx_graph.outputs(array)["value"].tobytes())
