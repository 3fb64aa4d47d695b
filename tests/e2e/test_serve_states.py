"""What a server reports and answers while it is overloaded, while it ends, and to clients that behave badly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import signal
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import seals
from http_load import HttpLoad, read_answer, request_bytes
from servers import Running, serving, until

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
PATH = "/v1/models/tiny/predict"
REQUEST = request_bytes(PATH, ROW)
RISK = seals.risk(61.5, 80.0, "f")
MANY = {name: [value] * 100_000 for name, value in ROW.items()}
"""Rows that take about a second in a thread."""
HEALTH = ("/v2/health/live", "/v2/health/ready", "/v2/models/tiny/ready")


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text('[server]\nworkers = 1\n[limits]\nqueue = 3\nthreads = 1\n[[models]]\nfile = "tiny.seal"\n')
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(str(seals.write(tmp_path_factory.mktemp("states") / "tiny.seal"))) as running:
        yield running


def connected(server: Running) -> socket.socket:
    host, _, port = server.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def status_of(connection: socket.socket) -> int:
    """The status of the response that comes next; 0 where the connection ends."""
    data = connection.recv(1 << 12)
    return int(data.split()[1]) if data else 0


def healthy(server: Running) -> list[int]:
    return [server.ask("GET", path)[0] for path in HEALTH]


def test_an_overloaded_server_is_live_and_ready_and_refuses_low_priority_first(deployment: Path) -> None:
    large = json.dumps(MANY).encode()

    def send(priority: str, **more: str) -> socket.socket:
        connection = connected(running)
        connection.sendall(request_bytes(PATH, large, {"Sealift-Priority": priority, **more}))
        return connection

    with serving(str(deployment), workers=None) as running:
        computing = send("normal")
        assert until(lambda: running.metric("sealift_requests_computing") == 1)
        low = send("low")
        assert until(lambda: running.metric("sealift_requests_waiting") == 1)
        late = send("high", **{"Sealift-Deadline-Ms": "1"})
        assert status_of(late) == 504
        normal = send("normal")
        assert until(lambda: running.metric("sealift_requests_waiting") == 2)
        high = send("high")
        assert status_of(low) == 429
        assert healthy(running) == [200, 200, 200]
        assert running.ask("POST", PATH, ROW)[0] == 200  # it does not wait in the queue
        statuses = [status_of(each) for each in (computing, normal, high)]
        assert statuses == [200, 200, 200]
        for each in (computing, low, late, normal, high):
            each.close()


def test_a_request_of_a_client_that_is_gone_is_not_computed(deployment: Path) -> None:
    large = request_bytes(PATH, MANY)
    with serving(str(deployment), workers=None) as server:
        connections = [connected(server) for _ in range(3)]
        for connection in connections:
            connection.sendall(large)
        assert until(lambda: server.metric("sealift_requests_waiting") == 2)
        for connection in connections[1:]:
            # A reset, not an orderly end, with which a client may still wait for its answer.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        assert until(lambda: server.metric("sealift_requests_waiting") == 0)
        assert status_of(connections[0]) == 200
        connections[0].close()
        assert until(lambda: server.ask("POST", PATH, MANY)[0] == 200)


def test_after_sigterm_the_server_is_live_and_not_ready_and_finishes(deployment: Path) -> None:
    with serving(str(deployment), workers=None) as server:
        computing, probe = connected(server), connected(server)
        computing.sendall(request_bytes(PATH, MANY))
        probe.sendall(b"GET /v2/health/ready HTTP/1.1\r\nHost: a\r\n")  # the rest follows after the signal
        assert until(lambda: server.metric("sealift_requests_computing") == 1)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        probe.sendall(b"\r\n")
        assert status_of(probe) == 503
        assert status_of(computing) == 200
        assert server.process.wait(timeout=60) == 0
        with pytest.raises(OSError, match="refused"):
            connected(server)
        computing.close()
        probe.close()


def test_a_burst_after_little_load(tmp_path: Path) -> None:
    """100 connections, then 10,000 requests at once over 1,000 connections: each is answered."""
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text('[server]\nworkers = {min = 1, max = 3, idle = "5s"}\n[[models]]\nfile = "tiny.seal"\n')
    with serving(str(path), workers=None) as server:
        assert asyncio.run(_burst(server, connections=100, requests=1)) == Counter({200: 100})
        assert asyncio.run(_burst(server, connections=1_000, requests=10)) == Counter({200: 10_000})


async def _burst(server: Running, connections: int, requests: int) -> Counter[int]:
    host, _, port = server.address.rpartition(":")
    statuses: Counter[int] = Counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(requests):
            writer.write(REQUEST)
            answer = await read_answer(reader)
            statuses[answer.status] += 1
            assert answer.body["answers"][0]["probability"]["ill"] == pytest.approx(RISK)
            if answer.closes:
                await _close(writer)
                reader, writer = await asyncio.open_connection(host, int(port))
        await _close(writer)

    await asyncio.gather(*(client() for _ in range(connections)))
    return statuses


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def test_ten_thousand_connections_at_once(server: Running) -> None:
    wanted = 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted + 1_000:
        pytest.skip(f"the system permits {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        assert asyncio.run(_open_at_once(server, wanted)) == Counter({200: wanted})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert server.ask("POST", PATH, ROW)[0] == 200


async def _open_at_once(server: Running, wanted: int) -> Counter[int]:
    """Open connections, and send requests when all are open."""
    host, _, port = server.address.rpartition(":")
    opening = asyncio.Semaphore(500)

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with opening:
            return await asyncio.open_connection(host, int(port))

    streams = await asyncio.gather(*(connect() for _ in range(wanted)))
    for _, writer in streams:
        writer.write(REQUEST)
    answers = await asyncio.gather(*(read_answer(reader) for reader, _ in streams))
    await asyncio.gather(*(_close(writer) for _, writer in streams))
    return Counter(answer.status for answer in answers)


def test_slow_and_half_open_connections_do_not_stop_others(tmp_path: Path) -> None:
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text('[limits]\nreceive = 3\nidle = 3\n[[models]]\nfile = "tiny.seal"\n')
    with serving(str(path)) as server:
        slow = [connected(server) for _ in range(200)]
        silent = [connected(server) for _ in range(200)]
        ending = threading.Event()

        def drip() -> None:
            for byte in REQUEST:
                for connection in slow:
                    try:
                        connection.sendall(bytes([byte]))
                    except OSError:  # refused in the meantime
                        continue
                if ending.wait(0.2):
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        with HttpLoad(server.address, REQUEST, connections=4) as load:
            time.sleep(5)
        ending.set()
        thread.join()
        assert load.failures == []
        assert len(load.answers) > 100
        assert {status_of(connection) for connection in slow} == {408}
        assert {status_of(connection) for connection in silent} == {0}
        for connection in (*slow, *silent):
            connection.close()


def test_disconnects_in_the_middle_of_requests(server: Running) -> None:
    for cut in range(1, len(REQUEST), 7):
        with connected(server) as connection:
            connection.sendall(REQUEST[:cut])
    large = request_bytes(PATH, MANY)
    for cut in (len(large) // 2, len(large) - 1, len(large)):
        with connected(server) as connection:
            connection.sendall(large[:cut])
    # Half-closed: the client sends no more, and still gets its answer.
    with connected(server) as connection:
        connection.sendall(large)
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection) == 200
    assert [server.ask("POST", PATH, ROW)[0] for _ in range(10)] == [200] * 10
    assert server.metric("sealift_workers_replaced_total") == 0
