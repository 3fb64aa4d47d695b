"""Workers that are added and ended while requests are answered."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import seals
from http_load import HttpLoad, request_bytes
from servers import serving, until

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
PATH = "/v1/models/tiny/predict"
REQUEST = request_bytes(PATH, ROW)
HEAVY = request_bytes(PATH, {name: [value] * 3000 for name, value in ROW.items()})
"""A request that takes much longer than the client needs for it, and that a thread computes: with 16 connections some
always wait, also where the machine has processors to spare."""


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text(
        '[server]\nworkers = {min = 1, max = 3, idle = "1s"}\n[limits]\nidle = 2\n[[models]]\nfile = "tiny.seal"\n'
    )
    return path


def test_workers_are_added_under_load_and_end_after_it_without_a_failed_request(deployment: Path) -> None:
    with serving(str(deployment), workers=None) as server:
        assert len(server.workers()) == 1
        with HttpLoad(server.address, HEAVY, connections=16) as load:
            assert until(lambda: len(server.workers()) == 3)
            # The rest of the requests comes over the same connections, and over new ones.
            time.sleep(1)
        assert load.failures == []
        assert server.metric("sealift_workers_added_total") >= 2
        with HttpLoad(server.address, REQUEST, connections=4, pause=0.05) as trickle:
            assert until(lambda: len(server.workers()) == 1)
        assert trickle.failures == []
        assert server.metric("sealift_workers_removed_total") >= 2
        assert until(lambda: server.metric("sealift_workers") == 1)
        assert server.metric("sealift_workers_replaced_total") == 0
        assert server.ask("GET", "/v2/health/ready") == (200, {"ready": True})


def test_a_worker_that_is_killed_while_workers_are_added_fails_only_its_own_requests(deployment: Path) -> None:
    connections = 16
    with serving(str(deployment), workers=None) as server:
        with HttpLoad(server.address, HEAVY, connections=connections) as load:
            assert until(lambda: len(server.workers()) == 2)
            killed = server.workers()[0]
            os.kill(killed, signal.SIGKILL)
            assert until(lambda: len(server.workers()) == 3 and killed not in server.workers())
            time.sleep(0.5)
        assert len(load.failures) <= connections
        assert server.metric("sealift_workers_replaced_total") == 1
        # Connections that found no worker waited in the queue of their socket.
        assert [server.ask("POST", PATH, ROW)[0] for _ in range(30)] == [200] * 30


def test_without_requests_there_is_no_worker_and_the_first_request_succeeds(tmp_path: Path) -> None:
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text(
        '[server]\nworkers = {min = 0, max = 2, idle = "500ms"}\n[limits]\nidle = 1\n[[models]]\nfile = "tiny.seal"\n'
    )
    with serving(str(path), workers=None) as server:
        for _ in range(3):
            assert until(lambda: server.workers() == [])
            with ThreadPoolExecutor(8) as clients:
                answers = list(clients.map(lambda row: server.ask("POST", PATH, row), [ROW] * 8))
            assert [status for status, _ in answers] == [200] * 8
        # SIGTERM without a worker.
        assert until(lambda: server.workers() == [])
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0


def test_a_connection_that_is_open_when_its_worker_is_to_end_is_answered(tmp_path: Path) -> None:
    """It gets `Connection: close` with its next answer, and no request is lost."""
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text('[server]\nworkers = {min = 0, max = 1, idle = "300ms"}\n[[models]]\nfile = "tiny.seal"\n')
    with serving(str(path), workers=None) as server:
        host, _, port = server.address.partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(REQUEST)
            assert b"connection: close" not in _answer(connection)
            worker = server.workers()
            time.sleep(2)
            assert server.workers() == worker  # the connection is still open
            connection.sendall(REQUEST)
            assert b"connection: close" in _answer(connection)
            assert connection.recv(1) == b""
        assert until(lambda: worker[0] not in server.workers())


def _answer(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(next(line for line in head.split(b"\r\n") if line.startswith(b"content-length")).split()[1])
    while len(body) < length:
        body += connection.recv(1 << 16)
    assert json.loads(body)["answers"]
    return head


def test_sigterm_while_workers_are_added(deployment: Path) -> None:
    with serving(str(deployment), workers=None) as server, HttpLoad(server.address, HEAVY, connections=8):
        assert until(lambda: len(server.workers()) >= 2)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0
