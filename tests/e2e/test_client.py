"""The client against a running server, and against servers that fail in all the usual ways."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sealift
import seals
from sealift.client import AsyncClient, Client, Prediction
from servers import Running, serving

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
RISK = seals.risk(61.5, 80.0, "f")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(str(seals.write(tmp_path_factory.mktemp("client") / "tiny.seal"))) as running:
        yield running


def asked(url: str, asynchronous: bool, rows: Any, **options: Any) -> Prediction:
    if not asynchronous:
        with Client(url) as client:
            return client.predict("tiny", rows, **options)

    async def run() -> Prediction:
        async with AsyncClient(url) as client:
            return await client.predict("tiny", rows, **options)

    return asyncio.run(run())


@pytest.mark.parametrize("asynchronous", [False, True])
def test_rows_in_every_form(asynchronous: bool, server: Running) -> None:
    forms = [
        ROW,
        [ROW],
        [[61.5, 80, "f"]],
        {name: [value] for name, value in ROW.items()},
        pd.DataFrame([ROW]),
        pl.DataFrame([ROW]),
        {"age": np.float32(61.5), "weight": np.int64(80), "sex": "f"},
    ]
    for rows in forms:
        answered = asked(server.url, asynchronous, rows)
        assert (answered.model, answered.version, len(answered)) == ("tiny", "1", 1)
        assert answered.answers[0] is not None
        assert answered.answers[0]["probability"]["ill"] == RISK
        answered.raise_for_problems()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_missing_values_and_bad_rows(asynchronous: bool, server: Running) -> None:
    frame = pd.DataFrame([{**ROW, "age": np.nan}, {**ROW, "weight": None}, ROW])
    answered = asked(server.url, asynchronous, frame)
    assert [answer is None for answer in answered.answers] == [False, True, False]
    with pytest.raises(sealift.ContractError, match="R101"):
        answered.raise_for_problems()


def test_errors_of_the_server(server: Running) -> None:
    with Client(server.url) as client:
        calls: list[tuple[str, Any, str | None, str]] = [
            ("none", ROW, None, "E701"),
            ("tiny", ROW, "9", "E701"),
            ("tiny", {"other": 1}, None, "E1"),
            ("a/b ü", ROW, None, "E70"),
        ]
        for name, rows, version, code in calls:
            with pytest.raises(sealift.SealiftError) as caught:
                client.predict(name, rows, version=version)
            assert caught.value.code.startswith(code)
        with pytest.raises(ValueError, match="JSON"):
            client.predict("tiny", {**ROW, "age": float("inf")})
        with pytest.raises(TypeError, match="JSON"):
            client.predict("tiny", {**ROW, "age": object()})
        assert client.ready()
        assert client.metadata("tiny")["inputs"][0]["name"] == "age"


def test_threads_share_a_client_and_its_connections(server: Running) -> None:
    with Client(server.url) as client, ThreadPoolExecutor(8) as pool:
        ages = [float(age) for age in range(20, 100)]
        answers = list(pool.map(lambda age: client.predict("tiny", {**ROW, "age": age}), ages))
    for age, answered in zip(ages, answers, strict=True):
        assert answered.answers[0] is not None
        assert answered.answers[0]["probability"]["ill"] == pytest.approx(seals.risk(age, 80.0, "f"), abs=1e-15)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("priority", ["high", "normal", "low", None])
def test_the_server_accepts_deadlines_and_priorities(
    priority: Literal["high", "normal", "low"] | None, asynchronous: bool, server: Running
) -> None:
    for timeout in (5, 1e9):
        assert len(asked(server.url, asynchronous, ROW, timeout=timeout, priority=priority)) == 1
    with pytest.raises(sealift.SealiftError, match="E802"):
        asked(server.url, asynchronous, ROW, priority="urgent")


class Times(list[float]):
    """When requests arrived.

    Attributes:
        headers: their headers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.headers: list[Any] = []


@contextmanager
def failing(respond: Callable[[int], tuple[int, dict[str, str], bytes]]) -> Iterator[tuple[str, Times]]:
    """A server whose n-th response is that of `respond(n)`; its address and the times of the requests."""
    times = Times()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            times.append(time.monotonic())
            times.headers.append(self.headers)
            status, headers, body = respond(len(times))
            if status == 0:  # end without a response
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", times
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


GOOD = {"model": "m", "version": "1", "identity": "i", "answers": [{"value": 1.0}], "problems": []}
ANSWER: tuple[int, dict[str, str], bytes] = (200, {}, json.dumps(GOOD).encode())


def test_a_request_is_repeated_while_the_server_is_busy() -> None:
    responses = {1: (429, {"retry-after": "1"}, b"{}"), 2: (503, {}, b""), 3: (0, {}, b"")}
    with failing(lambda n: responses.get(n, ANSWER)) as (url, times), Client(url) as client:
        assert client.predict("m", {"x": 1}).answers == [{"value": 1.0}]
        assert len(times) == 4
        assert times[1] - times[0] >= 1


@pytest.mark.parametrize("asynchronous", [False, True])
def test_each_attempt_states_the_time_that_is_left(asynchronous: bool) -> None:
    with failing(lambda n: ANSWER if n > 2 else (429, {"retry-after": "1"}, b"{}")) as (url, times):
        asked(url, asynchronous, {"x": 1}, timeout=20, priority="high")
    left = [int(headers["sealift-deadline-ms"]) for headers in times.headers]
    assert 20_000 >= left[0] >= left[1] + 1000 >= left[2] + 2000
    assert [headers["sealift-priority"] for headers in times.headers] == ["high"] * 3


def test_a_priority_for_all_calls() -> None:
    with failing(lambda _: ANSWER) as (url, times), Client(url, priority="low", timeout=1e9) as client:
        client.predict("m", {"x": 1})
        client.predict("m", {"x": 1}, priority="normal")
    assert [headers["sealift-priority"] for headers in times.headers] == ["low", "normal"]
    assert times.headers[0]["sealift-deadline-ms"] == "86400000"  # the most that the server accepts
    with failing(lambda _: ANSWER) as (url, times), Client(url) as client:
        client.predict("m", {"x": 1})
    assert times.headers[0]["sealift-priority"] is None


def test_retries_end() -> None:
    with failing(lambda _: (503, {}, b"<html>busy</html>")) as (url, times), Client(url, retries=2) as client:
        with pytest.raises(sealift.SealiftError, match=r"E751.*503.*busy"):
            client.predict("m", {"x": 1})
        assert len(times) == 3


def test_errors_of_the_request_are_not_repeated() -> None:
    with failing(lambda _: (400, {}, b"{}")) as (url, times), Client(url) as client:
        with pytest.raises(sealift.SealiftError, match="E751"):
            client.predict("m", {"x": 1})
        assert len(times) == 1


def test_the_deadline_is_for_all_attempts() -> None:
    def slow(_: int) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.7)
        return ANSWER

    begun = time.monotonic()
    with failing(slow) as (url, _), Client(url, timeout=0.4, retries=50) as client:
        with pytest.raises(sealift.SealiftError, match="E752"):
            client.predict("m", {"x": 1})
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize("asynchronous", [False, True])
def test_no_server(asynchronous: bool) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(sealift.SealiftError, match="E750"):
        asked(url, asynchronous, ROW)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"answers": []}', b"\xff"])
def test_responses_of_another_program(body: bytes) -> None:
    with (
        failing(lambda _: (200, {}, body)) as (url, _),
        Client(url) as client,
        pytest.raises(sealift.SealiftError, match="E751"),
    ):
        client.predict("m", {"x": 1})
