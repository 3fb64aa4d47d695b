"""Bytes on a connection: what is refused, what is answered in which order, and that the server stays up."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest

import seals
from servers import Running, serving

ROW = json.dumps({"age": 61.5, "weight": 80, "sex": "f"}).encode()
POST = b"POST /v1/models/tiny/predict HTTP/1.1\r\nHost: x\r\n"
GOOD = POST + b"Content-Length: %d\r\n\r\n" % len(ROW) + ROW
LIVE = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("http")
    seals.write(folder / "tiny.seal")
    (folder / "deployment.toml").write_text(
        '[limits]\nreceive = 2\nidle = 3\nbody = 100000\n[[models]]\nfile = "tiny.seal"\n'
    )
    with serving(str(folder / "deployment.toml")) as running:
        yield running


def exchange(server: Running, *parts: bytes, pause: float = 0.05, end: bool = False) -> bytes:
    """Everything the server sends for these bytes until it closes the connection, or nothing comes for a second."""
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        if end:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        connection.settimeout(1)
        try:
            while data := connection.recv(1 << 16):
                received += data
        except TimeoutError:
            pass
        except ConnectionResetError:
            received += b"<reset>"
        return received


def statuses(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 10\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 10\r\nContent-Length: 11\r\n\r\n" + b"x" * 11,
        POST + b"Content-Length: 1, 1\r\n\r\nx",
        POST + b"Content-Length: +1\r\n\r\nx",
        POST + b"Content-Length: -1\r\n\r\nx",
        POST + b"Content-Length: 0x1\r\n\r\nx",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\nx",
        POST + b"Transfer-Encoding: identity, chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxx0\r\n\r\n",
        POST + b"Content-Length : 1\r\n\r\nx",
        POST + b"X: a\nContent-Length: 1\r\n\r\nx",
        POST + b"X: a\r\n b\r\n\r\n",
        POST + b"X: a\0b\r\n\r\n",
        POST + b"Host: y\r\n\r\n",
        b"GET /v2/health/live HTTP/1.1\r\n\r\n",
        b"GE\0T /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_ambiguous_and_malformed_requests_are_refused(request_: bytes, server: Running) -> None:
    received = exchange(server, request_ + LIVE)
    assert statuses(received) == [400], received
    assert b"connection: close" in received
    assert server.ask("GET", "/v2/health/live")[0] == 200


def test_chunks(server: Running) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, bytes([byte])) for byte in ROW)
    received = exchange(server, POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert statuses(received) == [200]


def test_byte_by_byte(server: Running) -> None:
    received = exchange(server, *[bytes([byte]) for byte in GOOD], pause=0.002)
    assert statuses(received) == [200]


def test_answers_have_the_order_of_pipelined_requests(server: Running) -> None:
    rows = json.dumps([json.loads(ROW)] * 400).encode()
    long = POST + b"Content-Length: %d\r\n\r\n" % len(rows) + rows
    assert len(rows) > 1 << 14
    missing = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    received = exchange(server, (GOOD + long + missing + LIVE) * 5)
    assert statuses(received) == [200, 200, 404, 200] * 5


def test_hundreds_of_pipelined_requests(server: Running) -> None:
    assert statuses(exchange(server, LIVE * 500)) == [200] * 500


def test_an_expectation_is_met(server: Running) -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(ROW)
    assert statuses(exchange(server, head, ROW)) == [100, 200]
    assert statuses(exchange(server, POST + b"Expect: 7\r\nContent-Length: 1\r\n\r\nx")) == [417]


def test_a_large_body_is_refused_before_it_is_sent(server: Running) -> None:
    assert statuses(exchange(server, POST + b"Content-Length: 100001\r\n\r\n")) == [413]
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    received = exchange(server, POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 40)
    assert statuses(received) == [413]
    assert b"E706" in received


def test_another_version_is_refused(server: Running) -> None:
    assert statuses(exchange(server, b"GET /v2/health/live HTTP/2.0\r\nHost: x\r\n\r\n")) == [505]


def test_a_large_head_is_refused(server: Running) -> None:
    assert statuses(exchange(server, POST + b"X: " + b"a" * 40_000 + b"\r\n\r\n")) == [431]
    assert statuses(exchange(server, POST + b"".join(b"X-%d: a\r\n" % i for i in range(200)) + b"\r\n")) == [431]
    assert statuses(exchange(server, b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")) == [431]


def test_slow_requests_end(server: Running) -> None:
    begun = time.monotonic()
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(POST + b"Content-Length: 100\r\n\r\nx")
        received = b""
        while data := connection.recv(1000):
            received += data
    assert statuses(received) == [408]
    assert b"E714" in received
    assert time.monotonic() - begun < 6


def test_idle_connections_are_closed(server: Running) -> None:
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(LIVE)
        assert b"200 OK" in connection.recv(1000)
        begun = time.monotonic()
        assert connection.recv(1000) == b""
    assert 1.5 < time.monotonic() - begun < 6


def test_a_half_closed_connection_gets_its_answer(server: Running) -> None:
    assert statuses(exchange(server, GOOD, end=True)) == [200]


@pytest.mark.parametrize("end", [9, len(POST) - 4, len(POST) + 10, len(GOOD) - 1])
def test_a_request_that_is_cut_off_is_refused(server: Running, end: int) -> None:
    received = exchange(server, GOOD[:end], end=True)
    assert (statuses(received), b"E704" in received) == ([400], True)
    assert statuses(exchange(server, GOOD, GOOD[:end], end=True)) == [200, 400]


def test_disconnects_in_the_middle(server: Running) -> None:
    host, port = server.address.split(":")
    for end in range(1, len(GOOD), 7):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(GOOD[:end])
    assert server.ask("GET", "/v2/health/ready")[0] == 200


def test_http_1_0_and_head(server: Running) -> None:
    received = exchange(server, b"GET /v2/health/live HTTP/1.0\r\n\r\n")
    assert statuses(received) == [200]
    assert b"connection: close" in received
    connection = http.client.HTTPConnection(server.address)
    connection.request("HEAD", "/v2")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    assert int(response.headers["content-length"]) > 0
    connection.request("GET", "/v2")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_target_with_a_host_and_an_encoded_one(server: Running) -> None:
    assert statuses(exchange(server, b"GET http://x/v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")) == [200]
    assert statuses(exchange(server, b"GET /v2/health/liv%65 HTTP/1.1\r\nHost: x\r\n\r\n")) == [200]
    assert statuses(exchange(server, b"GET /v2/health/live?a=b HTTP/1.1\r\nHost: x\r\n\r\n")) == [200]


def test_an_upgrade_is_not_taken(server: Running) -> None:
    received = exchange(server, b"GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert statuses(received) == [200]


def test_random_bytes_do_not_end_the_server(server: Running) -> None:
    import random

    seeded = random.Random(0)
    host, port = server.address.split(":")
    for _ in range(300):
        mutated = bytearray(GOOD)
        for _ in range(seeded.randint(1, 6)):
            mutated[seeded.randrange(len(mutated))] = seeded.randrange(256)
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(bytes(mutated))
    assert server.ask("GET", "/v2/health/ready") == (200, {"ready": True})
