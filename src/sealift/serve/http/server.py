"""The HTTP server of one process: its connections, the threads for longer work, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from sealift.errors import SealiftError
from sealift.serve.access.tls import TlsFiles
from sealift.serve.addresses import BACKLOG
from sealift.serve.calls import Call
from sealift.serve.http.connection import Connection
from sealift.serve.http.heads import KnownHeads
from sealift.serve.http.joiner import RowJoiner
from sealift.serve.http.messages import Request, Response, secure_headers
from sealift.serve.http.queue import RequestQueue
from sealift.serve.plane import ModelRoute
from sealift.serve.scaling.gauges import CONNECTIONS, LOADS
from sealift.serve.served import FAST, ServedModel
from sealift.serve.service import Service

_LOOK = 0.25
"""Seconds between two looks at the certificates."""
_MODEL = re.compile(r"/v[12]/models/([^/:]+)")
_CHECK = 0.5
"""Seconds between two looks at the deadlines of the connections."""
_RETIRING = 0.05
_ACCEPTING = 0.02
"""Seconds in which the connections are accepted that waited when the server was asked to end."""


class Server:
    """Accepts connections and answers their requests. All methods belong to the thread of the event loop.

    Attributes:
        service: the models and what belongs to them.
        limits: limits of requests and connections.
        heads: heads of requests that the parser has read.
        quick: the target of a request → the name of the model whose rows `Connection` may read itself.
        fast: whether every model is always fast enough to answer in the thread of the event loop.
        queue: the threads for longer work.
        joiner: what answers requests of one row that are read in the same iteration of the event loop.
        several: whether there are several connections, whose requests can be joined.
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
        self.queue = RequestQueue(self.limits, service.gauges)
        self.joiner = RowJoiner(service)
        self.several = False
        self._listening: dict[socket.socket, asyncio.Server] = {}
        self._stopped = False
        self._loads: dict[str, asyncio.Future[None]] = {}
        self._counted = 0  # how often models were loaded
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
        self.fast = all(_is_fast(model) for model in self.service.plane.models())

    async def start(self, listening: Sequence[socket.socket] = ()) -> None:
        """Accept connections from sockets, and from those that `listen` is called with. Raises ServeError E766."""
        if self.service.tls is not None:
            self._tls = TlsFiles(self.service.tls)
            self._watching = self._loop.create_task(self._watch(self._tls))
        await self.listen(listening)
        self._loop.call_later(_CHECK, self._expire)

    async def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections from these sockets, and no longer from others. The sockets stay open in any case."""
        for each in sockets:
            if each not in self._listening:
                self._listening[each] = await self._accept(each)
        for each in [each for each in self._listening if each not in sockets]:
            self._listening.pop(each).close()

    async def _accept(self, listening: socket.socket) -> asyncio.Server:
        """Accept connections from a socket with the current certificate; those that are open stay as they are."""
        context, seconds = (None, None) if self._tls is None else (self._tls.context, self.limits.receive)
        # A duplicate, which is closed together with the server of the event loop.
        return await self._loop.create_server(
            lambda: Connection(self),
            sock=listening.dup(),
            ssl=context,
            ssl_handshake_timeout=seconds,
            backlog=BACKLOG,
        )

    async def _watch(self, tls: TlsFiles) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            if tls.changed() and not self.draining:
                for each in list(self._listening):
                    renewed = await self._accept(each)
                    self._listening.get(each, renewed).close()
                    if each in self._listening:
                        self._listening[each] = renewed

    async def retire(self) -> None:
        """Wait until all connections have ended, and answer the next request of each with `Connection: close`.

        Connections without a request end after the usual time, so that no request is sent to a closed connection.
        """
        self.draining = True
        while self._listening or self._connections or self.queue:
            await asyncio.sleep(_RETIRING)

    async def stop(self, seconds: float) -> None:
        """Accept no connections, and wait until the requests that were accepted are answered, at most so long."""
        self.draining = True
        if self._watching is not None:
            self._watching.cancel()
        await asyncio.sleep(_ACCEPTING)
        await self.listen(())
        until = self.now() + seconds
        while (self._connections or self.queue) and self.now() < until:
            for connection in list(self._connections):
                connection.close_idle()
            await asyncio.sleep(0.01)
        self._stopped = True
        self.queue.close()

    def shed(self, count: int) -> None:
        """Close some of the connections after their next answer, so that clients connect again, to other workers."""
        for connection in list(self._connections)[:count]:
            connection.last = True

    # For the connections.

    def add(self, connection: Connection) -> bool:
        """Register a connection; False where there are too many."""
        self._connections.add(connection)
        self.several = len(self._connections) > 1
        self.service.gauges[CONNECTIONS] = len(self._connections)
        return len(self._connections) <= self.limits.connections

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        self.several = len(self._connections) > 1
        self.service.gauges[CONNECTIONS] = len(self._connections)

    def load(self, route: ModelRoute) -> asyncio.Future[None]:
        """Load the versions of a model that are not loaded; once at a time, also for several connections."""
        loading = self._loads.get(route.name)
        if loading is None:
            loading = self._loads[route.name] = asyncio.ensure_future(self._load(route))
            loading.add_done_callback(lambda _: self._loads.pop(route.name))
        return loading

    async def _load(self, route: ModelRoute) -> None:
        for each in route.versions.values():
            if not each.loaded:
                with contextlib.suppress(SealiftError):  # the requests that wait find it out, and report it
                    await asyncio.to_thread(each.load)

    def route(self, path: str) -> ModelRoute | None:
        """The route of the model that a path names, or of the only one."""
        routes = self.service.plane.routes
        match = _MODEL.match(path)
        if match is None:
            return next(iter(routes.values())) if len(routes) == 1 else None
        return routes.get(match[1])

    def request(self, method: str, url: bytes, headers: Mapping[str, str], body: bytes, begun: Call | None) -> Request:
        """A request from its parts."""
        target = url.decode("latin-1")
        if not target.startswith("/"):
            parts = urlsplit(target)  # with a scheme and a host, as proxies are asked
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path, _, query = target.partition("?")
        return Request("GET" if method == "HEAD" else method, unquote(path), headers, body, self.limits, query, begun)

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
        loads = sum(model.loads for model in self.service.plane.models())
        self.service.gauges[LOADS] += max(0, loads - self._counted)
        self._counted = loads
        now = self.now()
        for connection in list(self._connections):
            if connection.deadline < now:
                connection.expire()
        if not self._stopped:
            self._loop.call_later(_CHECK, self._expire)


def _is_fast(model: ServedModel) -> bool:
    return model.seconds <= FAST and not model.unloads


_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
