"""Heads that are remembered: the answers are those of a connection that parses every request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from email.utils import formatdate
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seals
from sealift.runtime import load
from sealift.serve.http.connection import Connection
from sealift.serve.http.heads import Head, KnownHeads
from sealift.serve.http.messages import Response
from sealift.serve.http.server import Server
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service

ROW = json.dumps({"age": 61.5, "weight": 80, "sex": "f"}).encode()
OTHER = json.dumps({"age": 20.5, "weight": 91, "sex": "m"}).encode()
TARGET = b"POST /v1/models/tiny/predict HTTP/1.1\r\n"


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    model = ServedModel("tiny", load(seals.write(tmp_path_factory.mktemp("heads") / "tiny.seal"), threads=1))
    model.prepare()
    return Service(Plane([model]))


def answers(service: Service, parts: Sequence[bytes], *, remember: bool) -> tuple[bytes, bool, int]:
    """What a connection writes for bytes that arrive in these parts, whether it is closed, and the heads it knows."""

    async def run() -> tuple[bytes, bool, int]:
        server = Server(service)
        connection, transport = Connection(server), Transport()
        connection.connection_made(transport)
        for part in parts:
            connection.data_received(part)
            if not remember:
                server.heads.by_bytes.clear()
        return transport.written, transport.closed, len(server.heads.by_bytes)

    written, closed, known = asyncio.run(run())
    return b"\r\n".join(line for line in written.split(b"\r\n") if not line.startswith(b"date: ")), closed, known


def message(body: bytes, *headers: bytes, start: bytes = TARGET) -> bytes:
    lines = [b"host: a", b"content-length: %d" % len(body), *headers]
    return start + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


MESSAGES = (
    message(ROW),
    message(OTHER),
    message(ROW, b"content-type: application/json"),
    message(ROW, b"Connection: close"),
    message(ROW, start=TARGET.replace(b"1.1", b"1.0")),
    message(ROW, start=b"\r\n" + TARGET),
    message(b"[]", start=b"POST /v1/models/none/predict HTTP/1.1\r\n"),
    message(b"{}"),
    message(ROW[:-1] + b"?"),
    message(b"", start=b"GET /v2/health/live HTTP/1.1\r\n"),
    message(b"", start=b"HEAD /v2/health/live HTTP/1.1\r\n"),
    message(ROW, b"transfer-encoding: chunked"),
    message(ROW, b"content-length: 3"),
    message(ROW, b"expect: 100-continue"),
    message(ROW, b"upgrade: other", b"connection: upgrade"),
    message(ROW, b"host: b"),
    message(ROW, b"x-api-key: \xff"),
    TARGET + b"host: a\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n" % len(ROW) + ROW + b"\r\n0\r\n\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"garbage\r\n\r\n",
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=8), st.data())
def test_the_same_bytes_are_answered_as_without_memory(
    service: Service, messages: list[bytes], data: st.DataObject
) -> None:
    parts = data.draw(st.sampled_from(["messages", "joined", "cut"]))
    sent = list(messages)
    if parts != "messages":
        whole = b"".join(messages)
        cuts = [] if parts == "joined" else data.draw(st.lists(st.integers(0, len(whole)), max_size=6))
        ends = sorted({0, len(whole), *cuts})
        sent = [whole[start:stop] for start, stop in pairwise(ends)]
    # Sent twice, so that heads are known for the second half.
    twice = [*sent, *sent]
    assert answers(service, twice, remember=True)[:2] == answers(service, twice, remember=False)[:2]


def test_a_head_is_parsed_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    on_url = Connection.on_url

    def counted(connection: Connection, url: bytes) -> None:
        parsed.append(url)
        on_url(connection, url)

    monkeypatch.setattr(Connection, "on_url", counted)
    written, _, known = answers(service, [message(ROW), message(OTHER), message(ROW), message(ROW)], remember=True)
    assert len(parsed) == known == len({len(ROW), len(OTHER)})
    assert written.count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize(
    "header",
    [
        b"transfer-encoding: chunked",
        b"expect: 100-continue",
        b"upgrade: other",
        b"connection: close",
        b"x: " + b"y" * 2000,
    ],
)
def test_heads_that_are_not_remembered(header: bytes, service: Service) -> None:
    assert answers(service, [message(ROW, header)], remember=True)[2] == 0


def test_properties_of_a_connection_are_not_remembered() -> None:
    known, data = KnownHeads(), message(ROW)
    headers = {"host": "a", "content-length": str(len(ROW))}
    known.remember(data, Head("POST", b"/", {**headers, ":certificate": "name"}, True))
    assert not known.by_bytes
    known.remember(data, Head("POST", b"/", headers, True))
    assert len(known.by_bytes) == 1


def test_the_number_of_heads_is_limited() -> None:
    known = KnownHeads()
    for number in range(1000):
        data = message(ROW, b"x-request-id: %d" % number)
        known.remember(data, Head("POST", b"/", {"content-length": str(len(ROW))}, True))
    assert 0 < len(known.by_bytes) <= 256


def test_success_has_the_bytes_of_a_response(service: Service) -> None:
    async def both() -> tuple[bytes, bytes]:
        server = Server(service)
        return server.success(b"{}"), server.head(Response(200, b"{}"), keep=True) + b"{}"

    short, general = asyncio.run(both())
    assert short == general
    assert formatdate(usegmt=True)[:16].encode() in short
