"""Incumbent servers with planted faults: an HTTP server of the standard library that answers by a function."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Predict = Callable[[list[dict[str, Any]]], list[Any]]
"""Rows, each an object by input name → their answers."""
INPUTS = (("age", "FP64"), ("weight", "FP64"), ("sex", "BYTES"))


@contextmanager
def incumbent(predict: Predict, *, kind: str = "tensorflow") -> Iterator[str]:
    """A server of one protocol at a free port; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # the head and the body in one packet

        def log_message(self, *_: object) -> None:
            """Be quiet."""

        def do_GET(self) -> None:
            known: dict[str, dict[str, Any]] = {
                "tensorflow": {"/v1/models/tiny": {"model_version_status": []}},
                "mlflow": {"/ping": {}, "/version": {}},
                "v2": {
                    "/v2": {"name": "other", "version": "1"},
                    "/v2/models/tiny": {
                        "inputs": [{"name": name, "datatype": dtype, "shape": [-1, 1]} for name, dtype in INPUTS]
                    },
                },
            }
            reply = known.get(kind, {}).get(self.path)
            self._send(404 if reply is None else 200, reply)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            try:
                answers = predict(self._rows(body))
            except ValueError as error:
                self._send(400, {"error": str(error)})
                return
            if kind == "v2":
                flat = [part for row in answers for part in row]
                output = {"name": "out", "datatype": "FP64", "shape": [len(answers), len(answers[0])], "data": flat}
                self._send(200, {"outputs": [output]})
            elif kind == "records":
                self._send(200, {"results": answers})
            else:
                self._send(200, {"predictions": answers})

        def _rows(self, body: Any) -> list[dict[str, Any]]:
            if kind == "tensorflow":
                assert self.path == "/v1/models/tiny:predict"
                rows = body["instances"]
            elif kind == "mlflow":
                split = body["dataframe_split"]
                rows = [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
            elif kind == "v2":
                columns = {each["name"]: each["data"] for each in body["inputs"]}
                rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
                rows = [{name: None if value == "NaN" else value for name, value in row.items()} for row in rows]
            else:
                rows = body
            return list(rows)

        def _send(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
