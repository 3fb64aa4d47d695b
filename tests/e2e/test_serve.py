"""The running server: clients that others wrote, workers that are killed, and an end without a lost request."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton

import seals
from servers import WORKERS, Running, serving

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
RISK = seals.risk(61.5, 80.0, "f")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(str(seals.write(tmp_path_factory.mktemp("serve") / "tiny.seal"))) as running:
        yield running


@pytest.mark.parametrize("binary", [False, True])
def test_tritonclient(binary: bool, server: Running) -> None:
    client = triton.InferenceServerClient(server.address)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("tiny", "1")
    assert client.get_server_metadata()["name"] == "sealift"
    inputs = []
    described = client.get_model_metadata("tiny")["inputs"]
    for entry in described:
        values = [ROW[entry["name"]]] * 3
        array = np.array(values, dtype=object if entry["datatype"] == "BYTES" else triton_dtype(entry["datatype"]))
        tensor = triton.InferInput(entry["name"], [3], entry["datatype"])
        tensor.set_data_from_numpy(array, binary_data=binary)
        inputs.append(tensor)
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("label", "probability")]
    for compression in (None, "gzip", "deflate"):
        result = client.infer("tiny", inputs, outputs=outputs, request_compression_algorithm=compression)
        assert result.as_numpy("label").tolist() == [1, 1, 1]
        assert result.as_numpy("probability")[:, 1] == pytest.approx(RISK, abs=1e-15)
    client.close()


def triton_dtype(name: str) -> Any:
    from tritonclient.utils import triton_to_np_dtype

    return triton_to_np_dtype(name)


def test_a_killed_worker_is_replaced(server: Running) -> None:
    before = server.workers()
    assert len(before) == WORKERS
    os.kill(before[0], signal.SIGKILL)
    until = time.monotonic() + 30
    while len(set(server.workers()) - set(before)) < 1 and time.monotonic() < until:
        time.sleep(0.05)
    assert before[0] not in server.workers()
    # Connections wait in the queue of the socket until the new worker answers.
    assert [server.ask("POST", "/v1/models/tiny/predict", ROW)[0] for _ in range(20)] == [200] * 20


def test_sigterm_finishes_accepted_requests(tmp_path: Path) -> None:
    with serving(str(seals.write(tmp_path / "tiny.seal"))) as running:
        answers: list[int] = []
        begun = threading.Barrier(5)
        rows = [ROW] * 20_000  # takes some tenths of a second

        def ask() -> None:
            connection = http.client.HTTPConnection(running.address, timeout=60)
            connection.connect()
            begun.wait()
            connection.request("POST", "/v1/models/tiny/predict", json.dumps(rows))
            begun.wait()
            response = connection.getresponse()
            answers.append(response.status)
            response.read()
            connection.close()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        begun.wait()
        begun.wait()
        time.sleep(0.05)
        running.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert answers == [200] * 4
        assert running.process.wait(timeout=60) == 0


def test_workers_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    with serving(str(seals.write(tmp_path / "tiny.seal"))) as running:
        workers = running.workers()
        running.process.kill()
        until = time.monotonic() + 30
        while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /v2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /v2 HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET " + b"a" * 100_000,
    ],
    ids=["two lengths", "no length", "no HTTP", "a long path"],
)
def test_malformed_http_is_refused(raw: bytes, server: Running) -> None:
    import socket

    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        status = connection.recv(100)
    assert status == b"" or status.startswith(b"HTTP/1.1 4")
    assert server.ask("GET", "/v2/health/ready") == (200, {"ready": True})


def test_a_deployment_of_two_models(tmp_path: Path) -> None:
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text('[[models]]\nfile = "tiny.seal"\n[[models]]\nfile = "tiny.seal"\nname = "second"\n')
    with serving(str(path)) as running:
        for name in ("tiny", "second"):
            assert running.ask("POST", f"/v1/models/{name}/predict", ROW)[1]["model"] == name
        assert running.ask("POST", "/v1/models/third/predict", ROW)[0] == 404
