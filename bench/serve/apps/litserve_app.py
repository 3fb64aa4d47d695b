"""LitServe with its batching, two workers."""

from __future__ import annotations

import os
from typing import Any

import litserve  # type: ignore[import-not-found]


class Api(litserve.LitAPI):  # type: ignore[misc]
    def setup(self, device: str) -> None:
        del device
        import onnx_graph  # type: ignore[import-not-found]

        self.answers = onnx_graph.answers

    def decode_request(self, request: dict[str, float]) -> dict[str, float]:
        return request

    def batch(self, inputs: list[Any]) -> list[Any]:
        return inputs

    def predict(self, batch: list[Any]) -> list[Any]:
        answers: list[Any] = self.answers(batch)
        return answers

    def unbatch(self, output: list[Any]) -> list[Any]:
        return output

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        return output


if __name__ == "__main__":
    server = litserve.LitServer(
        Api(max_batch_size=64, batch_timeout=0.001), accelerator="cpu", workers_per_device=2, track_requests=False
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        log_level="warning",
        generate_client_file=False,
        access_log=False,
    )
