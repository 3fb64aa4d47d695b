"""Nets: a convolutional one of the size of ResNet-18, and the memory of the workers of one with 300 MB."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from bench.serve import models
from bench.serve.load import Work, load
from bench.serve.models import NAME, credentials
from bench.serve.nets import IMAGE
from bench.serve.peers import Peer
from bench.serve.running import DidNotStartError
from bench.serve.session import Machine

_CONNECTIONS = (1, 8)
_WORKERS = (1, 2, 4)


def _image() -> Any:
    return np.random.default_rng(2).standard_normal((1, *IMAGE)).astype(np.float32)


def _binary(array: Any, folder: Path) -> Work:
    data = array.tobytes()
    tensor = {
        "name": "x",
        "shape": list(array.shape),
        "datatype": "FP32",
        "parameters": {"binary_data_size": len(data)},
    }
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    headers |= credentials(folder)
    return Work(f"/v2/models/{NAME}/infer", headers, [head + data])


def images(machine: Machine, peers: list[Peer], rounds: int, seconds: int) -> list[str]:
    """One image of float32 as bytes in a request."""
    folder, image = models.net("resnet18", machine.folder), _image()
    raw = Work("/predict_tensor", {"Content-Type": "application/octet-stream"}, [image.tobytes()])
    works = {"sealift": _binary(image, folder), "granian": raw, "fastapi-onnx": raw}
    rates_of: dict[str, list[list[float]]] = {}
    memory: dict[str, float] = {}
    first: dict[str, Any] = {}
    for _ in range(max(1, rounds - 1)):
        for peer in peers:
            if peer.name not in works:
                continue
            work = works[peer.name]
            try:
                with machine.started(peer, folder, work) as server:
                    answer = server.ask(work)
                    first[peer.title] = (
                        np.array(struct.unpack("<1000d", answer[-8000:]))
                        if peer.name == "sealift"
                        else np.frombuffer(answer, dtype=np.float32)
                    )
                    loads = [load(server.port, work, connections, seconds) for connections in _CONNECTIONS]
                    rates_of.setdefault(peer.title, []).append([one.rate for one in loads])
                    memory[peer.title] = server.memory() / 1e6
            except DidNotStartError as error:
                machine.skip(peer, str(error))
    lines = ["| server | images/s at 1 / 8 connections | memory MB | difference |", "|---|---|---|---|"]
    reference = next((answer for title, answer in first.items() if not title.startswith("Sealift")), None)
    for title, rates in rates_of.items():
        shown = " / ".join(f"{rate:,.1f}" for rate in np.median(np.array(rates), axis=0))
        apart = "–" if reference is None else f"{float(np.abs(first[title] - reference).max()):.0e}"
        lines.append(f"| {title} | {shown} | {memory[title]:,.0f} | {apart} |")
    return lines


def workers(machine: Machine, peers: list[Peer], _rounds: int, _seconds: int) -> list[str]:
    """The memory of a server with several numbers of workers, when each has answered."""
    folder = models.net("dense", machine.folder)
    row = np.random.default_rng(2).standard_normal((1, 4, 8)).astype(np.float32)
    raw = Work("/predict_tensor", {"Content-Type": "application/octet-stream"}, [row.tobytes()])
    lines = [
        "| server | MB with " + " / ".join(map(str, _WORKERS)) + " workers | each further worker |",
        "|---|---|---|",
    ]
    for peer in peers:
        if peer.name not in ("sealift", "granian"):
            continue
        work = _binary(row, folder) if peer.name == "sealift" else raw
        memory = []
        for count in _WORKERS:
            with machine.started(peer, folder, work, count) as server:
                load(server.port, work, 16 * count, 2)
                memory.append(server.memory() / 1e6)
        each = (memory[-1] - memory[0]) / (_WORKERS[-1] - _WORKERS[0])
        lines.append(f"| {peer.title} | {' / '.join(f'{value:,.0f}' for value in memory)} | {each:,.0f} MB |")
    return lines
