"""The HTTP server of one process: its connections, the threads for longer work, and its end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from sealift.serve.access.tls import TlsFiles
from sealift.serve.http.connection import Connection
from sealift.serve.http.heads import KnownHeads
from sealift.serve.http.messages import Request, Response, secure_headers
from sealift.serve.service import Service

T = TypeVar("T")
_FAST = 0.002
"""Seconds of an example up to which a model answers in the thread of the event loop."""
_LOOK = 0.25
"""Seconds between two looks at the certificates."""
_CHECK = 0.5
"""Seconds between two looks at the deadlines of the connections."""


class Server:
    """Accepts connections and answers their requests. All methods belong to the thread of the event loop.

    Attributes:
        service: the models and what belongs to them.
        limits: limits of requests and connections.
        heads: heads of requests that the parser has read.
        quick: the target of a request → the name of the model whose rows `Connection` may read itself.
        fast: whether every model is fast enough to answer in the thread of the event loop.
        draining: whether no further request is accepted.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.limits = service.limits
        self.draining = False
        self.heads = KnownHeads()
        self.quick: Mapping[bytes, str] = {}
        self.fast = True
        self.refresh()
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self._connections: set[Connection] = set()
        self._pool = ThreadPoolExecutor(self.limits.threads, thread_name_prefix="sealift")
        self._waiting = 0
        self._listening: asyncio.Server | None = None
        self._second, self._date, self._success = 0, b"", b""
        self._tls: TlsFiles | None = None
        self._watching: asyncio.Task[None] | None = None
        common = secure_headers(tls=service.tls is not None)
        self._common = b"".join(f"{name}: {value}\r\n".encode() for name, value in common.items())

    def refresh(self) -> None:
        """Take note of changed models."""
        receipts = self.service.receipts
        names = [] if receipts is not None and receipts.always else self.service.plane.names()
        self.quick = {f"/v1/models/{name}/predict".encode(): name for name in names if name.isascii()}
        self.fast = all(model.seconds <= _FAST for model in self.service.plane.models())

    async def start(self, listening: socket.socket) -> None:
        """Accept connections. Raises ServeError E766."""
        self._socket = listening
        if self.service.tls is not None:
            self._tls = TlsFiles(self.service.tls)
            self._watching = self._loop.create_task(self._watch(self._tls))
        await self._listen()
        self._loop.call_later(_CHECK, self._expire)

    async def _listen(self) -> None:
        """Accept connections with the current certificate; those that are open stay as they are."""
        before = self._listening
        # A duplicate: the connections in the queue of the socket are kept when the former listener is closed.
        listening = self._socket if self._tls is None else self._socket.dup()
        context, seconds = (None, None) if self._tls is None else (self._tls.context, self.limits.receive)
        self._listening = await self._loop.create_server(
            lambda: Connection(self), sock=listening, ssl=context, ssl_handshake_timeout=seconds
        )
        if before is not None:
            before.close()

    async def _watch(self, tls: TlsFiles) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            if tls.changed() and not self.draining:
                await self._listen()

    async def stop(self, seconds: float) -> None:
        """Accept no connections, and wait until the requests that were accepted are answered, at most so long."""
        self.draining = True
        if self._watching is not None:
            self._watching.cancel()
        if self._listening is not None:
            self._listening.close()
        until = self.now() + seconds
        while (self._connections or self._waiting) and self.now() < until:
            for connection in list(self._connections):
                connection.close_idle()
            await asyncio.sleep(0.01)
        self._pool.shutdown(wait=False, cancel_futures=True)

    # For the connections.

    def add(self, connection: Connection) -> bool:
        """Register a connection; False where there are too many."""
        self._connections.add(connection)
        return len(self._connections) <= self.limits.connections

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)

    def take(self) -> bool:
        """Take a place in the queue of the threads; False where there is none."""
        if self._waiting >= self.limits.queue:
            return False
        self._waiting += 1
        return True

    def give(self) -> None:
        """Give the place back."""
        self._waiting -= 1

    def submit(self, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Call a function in a thread."""
        return self._loop.run_in_executor(self._pool, function, *arguments)

    def request(self, method: str, url: bytes, headers: Mapping[str, str], body: bytes) -> Request:
        """A request from its parts."""
        target = url.decode("latin-1")
        if not target.startswith("/"):
            parts = urlsplit(target)  # with a scheme and a host, as proxies are asked
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path, _, query = target.partition("?")
        return Request("GET" if method == "HEAD" else method, unquote(path), headers, body, self.limits, query)

    def head(self, response: Response, *, keep: bool, origin: str | None = None) -> bytes:
        """The status line and the headers of a response to a request with an origin."""
        lines = [
            _STATUS_LINES[response.status],
            self._date_line(),
            b"content-type: %b\r\ncontent-length: %d\r\n" % (response.media_type.encode("latin-1"), len(response.body)),
            self._common,
        ]
        if self.service.cors is not None:
            allowed = self.service.cors.headers(origin).items()
            lines += [f"{name}: {value}\r\n".encode("latin-1") for name, value in allowed]
        if response.headers:
            lines += [f"{name}: {value}\r\n".encode("latin-1") for name, value in response.headers.items()]
        lines.append(b"\r\n" if keep else b"connection: close\r\n\r\n")
        return b"".join(lines)

    def success(self, body: bytes) -> bytes:
        """A response of JSON with status 200 on a connection that stays open: the same as `head` and the body."""
        if int(time.time()) != self._second:
            self._date_line()
        return b"%b%d\r\n%b\r\n%b" % (self._success, len(body), self._common, body)

    def _date_line(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second, self._date = second, f"date: {formatdate(second, usegmt=True)}\r\n".encode()
            self._success = _STATUS_LINES[200] + self._date + b"content-type: application/json\r\ncontent-length: "
        return self._date

    def _expire(self) -> None:
        now = self.now()
        for connection in list(self._connections):
            if connection.deadline < now:
                connection.expire()
        if not self.draining:
            self._loop.call_later(_CHECK, self._expire)


_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
