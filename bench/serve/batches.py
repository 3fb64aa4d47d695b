"""Requests of 1,000 rows, in each form that a server reads."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow

from bench.serve import models
from bench.serve.load import Work, load
from bench.serve.models import MANY, NAME, Prepared
from bench.serve.peers import Peer
from bench.serve.running import DidNotStartError
from bench.serve.session import Machine

CONNECTIONS = (1, 8)
_JSON = "application/json"


@dataclass(frozen=True)
class Form:
    """A way to send many rows."""

    title: str
    work: Work
    answers: Callable[[bytes], Any]


def forms(peer: Peer, prepared: Prepared) -> Iterator[Form]:
    """The forms of a server."""
    rows = prepared.rows
    if peer.many is None:
        return
    body = json.dumps(rows if peer.many.endswith("predict_rows") else peer.body(rows)).encode()
    if peer.name != "sealift":
        yield Form(
            "JSON", Work(peer.many, {"Content-Type": _JSON}, [body], MANY), lambda data: peer.answers(json.loads(data))
        )
        return

    key = peer.headers(prepared.folder)

    def of_objects(data: bytes) -> Any:
        return peer.answers(json.loads(data))

    matrix = np.array([list(row.values()) for row in rows])
    columns = {name: matrix[:, at] for at, name in enumerate(prepared.names)}
    for title, value in (
        ("JSON, objects", rows),
        ("JSON, lists", matrix.tolist()),
        ("JSON, columns", {name: column.tolist() for name, column in columns.items()}),
    ):
        yield Form(
            title, Work(peer.path, {"Content-Type": _JSON} | key, [json.dumps(value).encode()], MANY), of_objects
        )
    sink = pyarrow.BufferOutputStream()
    table = pyarrow.table(columns)
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    arrow = {"Content-Type": "application/vnd.apache.arrow.stream"} | key
    yield Form("Arrow", Work(peer.path, arrow, [sink.getvalue().to_pybytes()], MANY), _of_arrow)
    data = matrix.tobytes()
    inputs = {"name": "rows", "shape": list(matrix.shape), "datatype": "FP64"}
    head = json.dumps(
        {
            "inputs": [{**inputs, "parameters": {"binary_data_size": len(data)}}],
            "parameters": {"binary_data_output": True},
        }
    ).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head)), **key}
    yield Form("V2, binary", Work(f"/v2/models/{NAME}/infer", headers, [head + data], MANY), _of_binary)


def _of_arrow(data: bytes) -> Any:
    table = pyarrow.ipc.open_stream(data).read_all()
    probabilities = [field.name for field in table.schema if pyarrow.types.is_floating(field.type)]
    return table.column(probabilities[-1]).to_pylist()


def _of_binary(data: bytes) -> Any:
    # The probabilities are the last output, two doubles for each row.
    return list(struct.unpack(f"<{2 * MANY}d", data[-16 * MANY :]))[1::2]


def table(machine: Machine, peers: list[Peer], rounds: int, seconds: int) -> list[str]:
    """Rows a second of each server and form."""
    prepared = models.prepared("numeric", machine.folder)
    # Arrow needs a library that other requests do not.
    peers = [replace(peer, environment="sealift-tables") if peer.name == "sealift" else peer for peer in peers]
    peers = machine.usable(tuple(peers))
    times: dict[tuple[str, str], list[list[float]]] = {}
    apart: dict[tuple[str, str], float] = {}
    sizes: dict[tuple[str, str], int] = {}
    for turn in range(max(1, rounds - 1)):
        for peer in peers:
            some = list(forms(peer, prepared))
            if not some:
                continue
            try:
                with machine.started(peer, prepared.folder, peer.work(prepared, 1)) as server:
                    for form in some:
                        key = peer.title, form.title
                        if turn == 0:
                            answers = np.array(form.answers(server.ask(form.work)))
                            apart[key] = float(np.abs(answers - prepared.expected[:, 1]).max())
                            sizes[key] = len(form.work.bodies[0])
                        loads = [load(server.port, form.work, connections, seconds) for connections in CONNECTIONS]
                        times.setdefault(key, []).append([one.rate * MANY for one in loads])
            except DidNotStartError as error:
                machine.skip(peer, str(error))
    lines = [
        "| server | form | KB of a request | thousand rows/s at 1 / 8 connections | difference |",
        "|---|---|---|---|---|",
    ]
    for key, rates in times.items():
        middle = np.median(np.array(rates), axis=0) / 1000
        shown = " / ".join(f"{rate:,.0f}" for rate in middle)
        lines.append(f"| {key[0]} | {key[1]} | {sizes[key] / 1000:,.0f} | {shown} | {apart[key]:.0e} |")
    return lines
