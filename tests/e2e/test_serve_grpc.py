"""The running gRPC server: a client that others wrote, hostile bytes, and an end without a lost request."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
from hypothesis import given, settings
from hypothesis import strategies as st
from tritonclient.utils import InferenceServerException

import seals
from servers import WORKERS, Running, serving

ROW = {"age": (61.5, "FP64"), "weight": (80, "INT64"), "sex": ("f", "BYTES")}
DTYPES: dict[str, Any] = {"FP64": np.float64, "INT64": np.int64, "BYTES": np.object_}
RISK = seals.risk(61.5, 80.0, "f")
INFER = "/inference.GRPCInferenceService/ModelInfer"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    seal = seals.write(tmp_path_factory.mktemp("serve") / "tiny.seal")
    with serving(str(seal), "--grpc", "0") as running:
        yield running


def client(server: Running) -> triton.InferenceServerClient:
    return triton.InferenceServerClient(server.grpc)


def inputs(rows: int) -> list[triton.InferInput]:
    made = []
    for name, (value, datatype) in ROW.items():
        tensor = triton.InferInput(name, [rows], datatype)
        tensor.set_data_from_numpy(np.full(rows, value, dtype=DTYPES[datatype]))
        made.append(tensor)
    return made


@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
@pytest.mark.parametrize("rows", [1, 3, 10_000])
def test_tritonclient(rows: int, compression: str | None, server: Running) -> None:
    with client(server) as asked:
        assert asked.is_server_live()
        assert asked.is_server_ready()
        assert asked.is_model_ready("tiny", "1")
        assert asked.get_server_metadata(as_json=True)["name"] == "sealift"
        described = asked.get_model_metadata("tiny", as_json=True)
        assert [entry["name"] for entry in described["inputs"]] == list(ROW)
        result = asked.infer("tiny", inputs(rows), request_id="5", compression_algorithm=compression)
        assert result.get_response().id == "5"
        assert result.as_numpy("label").tolist() == [1] * rows
        assert result.as_numpy("probability")[:, 1] == pytest.approx(RISK, abs=1e-15)


def test_errors_have_codes(server: Running) -> None:
    with client(server) as asked:
        for model, tensors, status, code in (
            ("other", inputs(1), "NOT_FOUND", "E701"),
            ("tiny", inputs(1)[:2], "INVALID_ARGUMENT", "E101"),
        ):
            with pytest.raises(InferenceServerException) as raised:
                asked.infer(model, tensors)
            assert raised.value.status() == f"StatusCode.{status}"
            assert raised.value.message().startswith(f"[{code}]")


def failure(server: Running, data: bytes, **options: Any) -> Any:
    """The error for the bytes of a request; None where it is answered."""
    with grpc.insecure_channel(server.grpc, options=[("grpc.max_send_message_length", -1)]) as channel:
        try:
            channel.unary_unary(INFER)(data, timeout=60, **options)
        except grpc.RpcError as error:
            return error  # which is a grpc.Call too
    return None


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused_with_a_code(server: Running, data: bytes) -> None:
    error = failure(server, data)
    assert error is not None
    assert error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND), error.details()
    assert error.details()[:5] in ("[E704", "[E701")


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_beyond_the_limit_is_refused(compression: grpc.Compression, server: Running) -> None:
    error = failure(server, bytes((64 << 20) + 1), compression=compression)
    assert error is not None
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert failure(server, b"") is not None  # E701: the server is alive


def test_millions_of_empty_tensors_take_little_memory(server: Running) -> None:
    def most(pid: int) -> int:
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) >> 10

    before = {pid: most(pid) for pid in server.workers()}
    error = failure(server, b"\x0a\x04tiny" + b"\x2a\x00" * (8 << 20))
    assert error is not None
    assert error.details().startswith("[E704]")
    # 16 MB of bytes and 8 million pointers with lengths; as messages they would take more than 700 MB.
    assert all(most(pid) - before[pid] < 400 for pid in before)


def test_other_protocols_are_refused(server: Running) -> None:
    assert server.grpc is not None
    host, port = server.grpc.split(":")
    for raw in (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        bytes(range(256)),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 99,
    ):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    with client(server) as asked:
        assert asked.is_server_ready()


def listeners(pids: list[int], port: int) -> set[int]:
    """The processes that listen on a port."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    sockets = {f"socket:[{line[9]}]" for line in lines if line[1].endswith(f":{port:04X}") and line[3] == "0A"}
    ports = set()
    for pid in pids:
        with contextlib.suppress(OSError):  # it ended, or closes a file
            ports |= {pid for file in Path(f"/proc/{pid}/fd").iterdir() if str(file.readlink()) in sockets}
    return ports


def test_every_worker_listens_and_a_killed_one_is_replaced(server: Running) -> None:
    assert server.grpc is not None
    port = int(server.grpc.split(":")[1])
    before = server.workers()
    assert listeners(before, port) == set(before)
    os.kill(before[0], signal.SIGKILL)
    until = time.monotonic() + 30
    while len(listeners(server.workers(), port) - {before[0]}) < WORKERS and time.monotonic() < until:
        time.sleep(0.05)
    assert before[0] not in server.workers()
    assert len(listeners(server.workers(), port)) == WORKERS
    for _ in range(8):
        with client(server) as asked:
            assert asked.infer("tiny", inputs(1)).as_numpy("label").tolist() == [1]


def test_sigterm_finishes_accepted_requests(tmp_path: Path) -> None:
    with serving(str(seals.write(tmp_path / "tiny.seal")), "--grpc", "0") as running:
        answers: list[int] = []
        rows = 200_000  # takes some tenths of a second
        clients = [client(running) for _ in range(4)]
        for asked in clients:
            assert asked.is_server_ready()
        sent = inputs(rows)
        threads = [
            threading.Thread(
                target=lambda asked=asked: answers.append(len(asked.infer("tiny", sent).as_numpy("label")))
            )
            for asked in clients
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        running.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert answers == [rows] * 4
        assert running.process.wait(timeout=60) == 0


def test_a_port_in_use_is_refused(server: Running, tmp_path: Path) -> None:
    import json
    import subprocess
    import sys

    assert server.grpc is not None
    command = [sys.executable, "-m", "sealift", "serve", str(seals.write(tmp_path / "tiny.seal")), "--port", "0"]
    ended = subprocess.run(
        [*command, "--grpc", server.grpc.split(":")[1], "--json"], capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"]["code"] == "E710"


def test_more_requests_than_the_queue_are_refused(tmp_path: Path) -> None:
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    limits = "[limits]\nqueue = 1\nthreads = 1\n"
    path.write_text(f'[server]\ngrpc = 0\n{limits}[[models]]\nfile = "tiny.seal"\n')
    with serving(str(path)) as running:
        sent = inputs(200_000)  # takes some tenths of a second
        statuses: list[str] = []

        def ask() -> None:
            with client(running) as asked:
                try:
                    statuses.append(str(len(asked.infer("tiny", sent).as_numpy("label"))))
                except InferenceServerException as error:
                    statuses.append(f"{error.status()} {error.message()[:6]}")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) == {"200000", "StatusCode.RESOURCE_EXHAUSTED [E713]"}
        with client(running) as asked:
            assert asked.infer("tiny", inputs(1)).as_numpy("label").tolist() == [1]


def test_unfinished_requests_do_not_stop_others_or_the_end(tmp_path: Path) -> None:
    """Connections that send the beginning of a message and then nothing."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    with serving(str(seals.write(tmp_path / "tiny.seal")), "--grpc", "0") as running:
        assert running.grpc is not None
        host, port = running.grpc.split(":")
        with contextlib.ExitStack() as stack:
            for cut in (3, 10, 24, len(preface)):
                connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
                connection.sendall(preface[:cut])
            with client(running) as asked:
                assert asked.infer("tiny", inputs(1)).as_numpy("label").tolist() == [1]
            begun = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(timeout=60) == 0
            assert time.monotonic() - begun < 25  # less than the time that requests have to finish
