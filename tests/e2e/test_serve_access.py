"""A running server with API keys: other clients, revocation under load, rates over all workers."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from test_serve_grpc import inputs as grpc_inputs
from tritonclient.utils import InferenceServerException

import seals
from loads import Background
from sealift.client import Client
from sealift.errors import ServeError
from servers import Running, serving, until

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
PATH = "/v1/models/tiny/predict"


def sealift(*arguments: str) -> Any:
    command = [sys.executable, "-m", "sealift", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    answer = json.loads(done.stdout)
    assert answer["ok"], answer
    return answer


def create(folder: Path, name: str, *options: str) -> str:
    return str(sealift("keys", "create", str(folder / "deployment.toml"), name, *options)["secret"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access")
    seals.write(folder / "tiny.seal")
    (folder / "deployment.toml").write_text('[access]\nkeys = "keys.json"\n[[models]]\nfile = "tiny.seal"\n')
    create(folder, "first")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    with serving(str(folder / "deployment.toml"), "--grpc", "0") as running:
        yield running


class LoadOfKeys(Background):
    """Requests with some keys until the end of the block, over connections of their own, which both workers answer.

    Attributes:
        seen: for each key, when its requests began, and their statuses.
    """

    def __init__(self, server: Running, *keys: str, threads: int = 2) -> None:
        self._server = server
        self.seen: dict[str, list[tuple[float, int]]] = {key: [] for key in keys}
        super().__init__(partial(self._run, key) for key in keys for _ in range(threads))

    def _run(self, key: str) -> None:
        while not self._ending.is_set():
            begun = time.monotonic()
            self.seen[key].append((begun, self._server.ask("POST", PATH, ROW, key)[0]))


def test_a_key_is_valid_and_revoked_within_a_second_under_load(server: Running, folder: Path) -> None:
    stays, goes = create(folder, "stays"), create(folder, "goes")
    created = time.monotonic()
    with LoadOfKeys(server, stays, goes) as load:
        time.sleep(3)
        before = time.monotonic()
        sealift("keys", "revoke", str(folder / "deployment.toml"), "goes")
        revoked = time.monotonic()
        time.sleep(2)
    assert {status for begun, status in load.seen[stays] if begun > created + 1} == {200}
    assert {status for begun, status in load.seen[goes] if created + 1 < begun < before - 0.5} == {200}
    late = [status for begun, status in load.seen[goes] if begun > revoked + 1]
    assert set(late) == {401}
    assert len(late) > 20


def test_clients_of_http(server: Running, folder: Path) -> None:
    key = create(folder, "http")
    time.sleep(1)
    expected = server.ask("POST", PATH, ROW, key)[1]["answers"][0]
    with Client(server.url, key=key) as client:
        assert client.predict("tiny", ROW).answers == [expected]
    with Client(server.url) as client, pytest.raises(ServeError) as caught:
        client.predict("tiny", ROW)
    assert caught.value.code == "E760"
    with triton_http.InferenceServerClient(server.address) as client:
        assert client.is_server_live()
        assert client.get_model_metadata("tiny", headers={"Authorization": f"Bearer {key}"})["name"] == "tiny"
        with pytest.raises(InferenceServerException, match="E760"):
            client.get_model_metadata("tiny")
    for header in (f"Authorization: Bearer {key}", f"X-API-Key: {key}"):
        command = ["curl", "-s", "-H", header, "-d", json.dumps(ROW), server.url + PATH]
        done = subprocess.run(command, capture_output=True, timeout=60, check=True)
        assert json.loads(done.stdout)["answers"][0]["label"] == 1


def test_a_client_of_grpc(server: Running, folder: Path) -> None:
    key = create(folder, "grpc")
    time.sleep(1)
    with triton_grpc.InferenceServerClient(server.grpc) as client:
        assert client.is_server_live()
        for name, value in (("authorization", f"Bearer {key}"), ("x-api-key", key)):
            result = client.infer("tiny", grpc_inputs(1), headers={name: value})
            assert result.as_numpy("label").tolist() == [1]
        for headers, status in ((None, "UNAUTHENTICATED"), ({"x-api-key": "x"}, "UNAUTHENTICATED")):
            with pytest.raises(InferenceServerException) as caught:
                client.infer("tiny", grpc_inputs(1), headers=headers)
            assert caught.value.status() == f"StatusCode.{status}"


def test_scopes(server: Running, folder: Path) -> None:
    auditor, predictor = create(folder, "auditor", "--scope", "audit"), create(folder, "predictor")
    time.sleep(1)
    assert server.ask("POST", PATH, ROW, auditor)[0] == 403
    for key, status in ((auditor, 200), (predictor, 403)):
        connection = http.client.HTTPConnection(server.address, timeout=30)
        connection.request("GET", "/metrics", headers={"x-api-key": key})
        response = connection.getresponse()
        assert response.status == status
        assert (b"sealift_requests_total" in response.read()) == (status == 200)
        connection.close()


def test_a_rate_applies_to_all_workers_together(server: Running, folder: Path) -> None:
    key = create(folder, "limited", "--rate", "60/min")
    time.sleep(1)
    begun = time.monotonic()
    with LoadOfKeys(server, key, threads=4) as load:
        while len(load.seen[key]) < 150:
            time.sleep(0.05)
    refilled = int(time.monotonic() - begun) + 1
    statuses = [status for _, status in load.seen[key]]
    answered = statuses.count(200)
    assert set(statuses) == {200, 429}
    assert 60 <= answered <= 60 + refilled + 2  # requests of two workers at the same moment may be counted as one


def test_other_computers_may_use_a_server_with_keys(folder: Path, tmp_path: Path) -> None:
    for name in ("deployment.toml", "keys.json", "tiny.seal"):
        shutil.copy(folder / name, tmp_path)
    with serving(str(tmp_path / "deployment.toml"), "--host", "0.0.0.0") as server:
        port = server.address.rpartition(":")[2]
        server.address = f"127.0.0.1:{port}"
        assert server.ask("POST", PATH, ROW)[0] == 401


def test_a_long_body_without_credentials_is_not_read(server: Running) -> None:
    host, _, port = server.address.rpartition(":")
    for length in ("Content-Length: 60000000", "Transfer-Encoding: chunked"):
        with socket.create_connection((host, int(port)), timeout=30) as connected:
            connected.sendall(f"POST {PATH} HTTP/1.1\r\nHost: a\r\n{length}\r\n\r\n".encode())
            assert connected.recv(1 << 16).startswith(b"HTTP/1.1 401")  # before anything of the body was sent


def test_refused_callers_are_counted(tmp_path: Path) -> None:
    seals.write(tmp_path / "tiny.seal")
    (tmp_path / "deployment.toml").write_text(
        '[access]\nkeys = "keys.json"\nopen_metrics = true\n[[models]]\nfile = "tiny.seal"\n'
    )
    auditor = create(tmp_path, "auditor", "--scope", "audit")
    limited = create(tmp_path, "limited", "--rate", "3/h")
    with serving(str(tmp_path / "deployment.toml"), "--grpc", "0") as server:

        def counts() -> dict[str, float]:
            reasons = ("missing", "invalid", "forbidden", "rate", "issuer")
            return {reason: server.metric(f'sealift_callers_refused_total{{reason="{reason}"}}') for reason in reasons}

        for key, times in ((None, 4), ("x", 3), (auditor, 2), (limited, 8)):  # connections of their own: both workers
            for _ in range(times):
                server.ask("POST", PATH, ROW, key)
        expected = {"missing": 4, "invalid": 3, "forbidden": 2, "rate": 5, "issuer": 0}
        assert counts() == expected
        server.ask("POST", PATH, [ROW] * 2000)  # refused before the body is read
        assert server.ask("GET", "/v1/admin/status")[0] == 401
        assert server.ask("GET", "/v2/health/ready")[0] == 200
        with triton_grpc.InferenceServerClient(server.grpc) as client:
            assert client.is_server_live()
            assert client.is_server_ready()
            for headers in (None, {"x-api-key": "x"}, {"x-api-key": limited}):
                with pytest.raises(InferenceServerException):
                    client.infer("tiny", grpc_inputs(1), headers=headers)
        expected = {"missing": 7, "invalid": 4, "forbidden": 2, "rate": 6, "issuer": 0}
        assert counts() == expected
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        assert until(lambda: server.ask("GET", "/v2/health/ready")[0] == 200)
        assert counts() == expected


def test_a_key_has_at_most_its_priority(tmp_path: Path) -> None:
    """A waiting request with a key of low priority is refused for one of a high priority, whatever its header is."""
    seals.write(tmp_path / "tiny.seal")
    (tmp_path / "deployment.toml").write_text(
        '[access]\nkeys = "keys.json"\nopen_metrics = true\n[limits]\nqueue = 2\nthreads = 1\n'
        '[[models]]\nfile = "tiny.seal"\n'
    )
    batch, alarms = (create(tmp_path, name, "--priority", name) for name in ("low", "high"))
    long, short = 200_000, 1000  # rows; the long request takes more than a second
    with serving(str(tmp_path / "deployment.toml"), workers="1") as server, ThreadPoolExecutor(2) as pool:

        def ask(key: str, rows: int) -> str:
            with Client(server.url, key=key, timeout=60, retries=0) as client:
                try:
                    return str(len(client.predict("tiny", [ROW] * rows, priority="high")))
                except ServeError as error:
                    return error.code

        first = pool.submit(ask, batch, long)
        assert until(lambda: server.metric("sealift_requests_computing") == 1)
        second = pool.submit(ask, batch, short)
        assert until(lambda: server.metric("sealift_requests_waiting") == 1)
        assert not first.done()
        assert ask(alarms, short) == str(short)
        assert (first.result(), second.result()) == (str(long), "E713")
