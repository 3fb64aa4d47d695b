"""Requests over raw connections of asyncio, from a thread of the test, which counts every one that has no answer."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def closes(self) -> bool:
        """Whether the server closes the connection after it."""
        return self.headers.get("connection") == "close"


def request_bytes(path: str, body: object, headers: dict[str, str] | None = None) -> bytes:
    """A request of HTTP/1.1 with JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: a", "Content-Type: application/json", f"Content-Length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join((*lines, "", "")).encode() + data


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The next response of a connection. Raises asyncio.IncompleteReadError, OSError."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(first.split()[1]), headers, json.loads(body) if body.startswith(b"{") else body)


class HttpLoad:
    """Keeps connections busy until the end of the block.

    Args:
        address: host and port.
        request: the bytes that every connection sends again and again.
        connections: the number of connections, each with one request at a time.
        pause: seconds between two requests of a connection.

    Attributes:
        answers: time of the end and status of each request.
        failures: requests without an answer, or with another status than 200.
    """

    def __init__(self, address: str, request: bytes, connections: int = 8, pause: float = 0.0) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._request, self._connections, self._pause = request, connections, pause
        self._ending = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))
        self.answers: list[tuple[float, int]] = []
        self.failures: list[str] = []

    def __enter__(self) -> HttpLoad:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    async def _all(self) -> None:
        await asyncio.gather(*(self._one() for _ in range(self._connections)))

    async def _one(self) -> None:
        writer = None
        while not self._ending.is_set():
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection(self._host, self._port)
                writer.write(self._request)
                answer = await asyncio.wait_for(read_answer(reader), 60)
                self.answers.append((time.monotonic(), answer.status))
                if answer.status != 200:
                    self.failures.append(f"{answer.status} {answer.body}")
                if answer.closes:
                    writer.close()
                    writer = None
            except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError) as error:
                self.failures.append(repr(error))
                if writer is not None:
                    writer.close()
                writer = None
            if self._pause:
                await asyncio.sleep(self._pause)
        if writer is not None:
            writer.close()
