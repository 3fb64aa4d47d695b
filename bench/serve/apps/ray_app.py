"""Ray Serve, two replicas, with its other settings as they are."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import ray
from ray import serve


class Predictor:
    def __init__(self) -> None:
        import onnx_graph  # type: ignore[import-not-found]

        self.answer = onnx_graph.answer

    async def __call__(self, request: Any) -> Any:
        return self.answer(await request.json())


if __name__ == "__main__":
    # Not another cluster of this machine.
    ray.init(
        address="local",
        include_dashboard=False,
        num_cpus=4,
        runtime_env={"env_vars": {"PYTHONPATH": str(Path(__file__).parent)}},
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["BENCH_PORT"])})
    deployment = serve.deployment(Predictor, num_replicas=2, max_ongoing_requests=128)
    serve.run(deployment.bind(), route_prefix="/predict", name="bench")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    serve.shutdown()
    ray.shutdown()
