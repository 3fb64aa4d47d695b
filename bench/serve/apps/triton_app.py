"""Triton Inference Server by PyTriton, with its dynamic batching and two instances of the model."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor  # type: ignore[import-not-found]
from pytriton.triton import Triton, TritonConfig  # type: ignore[import-not-found]


def infer(requests: list[Any]) -> list[Any]:
    import onnx_graph  # type: ignore[import-not-found]

    results = onnx_graph.outputs(np.concatenate([np.asarray(request["number"]) for request in requests]))
    ends = np.cumsum([len(request["number"]) for request in requests])[:-1]
    labels, probabilities = np.split(results["label"], ends), np.split(results["probability"], ends)
    pairs = zip(labels, probabilities, strict=True)
    return [{"label": label.reshape(-1, 1), "probability": probability} for label, probability in pairs]


if __name__ == "__main__":
    port = int(os.environ["BENCH_PORT"])
    config = TritonConfig(
        http_address="127.0.0.1", http_port=port, grpc_port=port + 1, metrics_port=port + 2, log_verbose=0
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="bench",
            infer_func=[infer, infer],
            inputs=[Tensor(name="number", dtype=np.float64, shape=(30,))],
            outputs=[
                Tensor(name="label", dtype=np.int64, shape=(1,)),
                Tensor(name="probability", dtype=np.float64, shape=(2,)),
            ],
            config=ModelConfig(max_batch_size=64, batcher=DynamicBatcher(max_queue_delay_microseconds=0)),
        )
        triton.serve()
