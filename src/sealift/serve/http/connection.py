"""A connection of HTTP/1.1: its requests are answered in their order.

Requests of one row are answered in the thread of the event loop; longer work is done by other threads.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from sealift.errors import SealiftError
from sealift.serve.access.tls import names_of
from sealift.serve.calls import Call
from sealift.serve.http.admin import PREFIX
from sealift.serve.http.heads import Head
from sealift.serve.http.joiner import RowJoiner
from sealift.serve.http.messages import Request, Response, overloaded, too_slow, unreadable
from sealift.serve.http.queue import RequestQueue, refusal
from sealift.serve.http.reading import SMALL
from sealift.serve.http.routes import failure, respond
from sealift.serve.http.writing import ResponseWriter, WriterHost
from sealift.serve.plane import ModelRoute
from sealift.serve.scaling.gauges import LATE
from sealift.serve.urgency import NORMAL, late, urgency_of

_MOST_WAITING = 16
"""Requests of one connection that wait for the answer to an earlier one; then no more are read."""


class Host(WriterHost, Protocol):
    """What a connection asks of its server (`sealift.serve.http.server`, where the members are described)."""

    @property
    def quick(self) -> Mapping[bytes, str]: ...  # noqa: D102
    @property
    def queue(self) -> RequestQueue: ...  # noqa: D102
    @property
    def joiner(self) -> RowJoiner: ...  # noqa: D102
    @property
    def several(self) -> bool: ...  # noqa: D102
    def add(self, connection: Connection, /) -> bool: ...  # noqa: D102
    def remove(self, connection: Connection, /) -> None: ...  # noqa: D102
    def request(  # noqa: D102
        self, method: str, url: bytes, headers: Mapping[str, str], body: bytes, call: Call | None, /
    ) -> Request: ...
    @property
    def fast(self) -> bool: ...  # noqa: D102
    def route(self, path: str, /) -> ModelRoute | None: ...  # noqa: D102
    def load(self, route: ModelRoute, /) -> asyncio.Future[None]: ...  # noqa: D102


class _Joined:
    """Stands for the work of the joiner, which cannot be cancelled."""

    def cancel(self) -> None:
        """Nothing: the answer is not sent."""


_JOINED = _Joined()


class Connection(ResponseWriter):
    """The protocol of one connection."""

    def __init__(self, server: Host) -> None:
        super().__init__(server)
        self._server: Host = server
        self._waiting: deque[tuple[Head, bytes, float]] = deque()
        self._work: asyncio.Future[Any] | _Joined | None = None  # what the answer to the current request waits for

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection."""
        self._transport = transport
        self.deadline = self._server.now() + self._server.limits.receive
        encrypted = transport.get_extra_info("ssl_object")
        if encrypted is not None:
            self._certificate = names_of(encrypted.getpeercert() or {})
            if self._certificate:  # known heads have no certificate
                self._known = {}
        if not self._server.add(self):
            self._fail(overloaded())

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the connection; an answer that is still computed is not sent."""
        self._closed = True
        self._server.remove(self)
        if self._work is not None:  # if it is not computed yet, it never is
            self._work.cancel()

    def eof_received(self) -> bool:
        """The client sends no more. What it has sent is still answered."""
        if self._reading and not (self._closed or self._busy):
            self._fail(unreadable("it ends before its last byte"))
        return self._busy

    def pause_writing(self) -> None:
        """The client does not read its answers: read no further requests."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has read its answers."""
        if len(self._waiting) < _MOST_WAITING:
            self._transport.resume_reading()

    # Called by the reader.

    @property
    def _busy(self) -> bool:
        return self._work is not None or bool(self._waiting)

    def _complete(self, head: Head, body: bytes) -> None:
        if self._work is None:
            self._answer(head, body, self._begun)
            return
        self._waiting.append((head, body, self._begun))
        if len(self._waiting) >= _MOST_WAITING:
            self._transport.pause_reading()

    # Called by the server.

    def close_idle(self) -> None:
        """Close the connection if no request is in it."""
        if not self._busy and not self._reading:
            self._close()

    def expire(self) -> None:
        """Close the connection, because its deadline has passed."""
        if self._reading and not self._closed:
            self._fail(too_slow())
        else:
            self._close()

    def _answer(self, head: Head, body: bytes, begun: float, call: Call | None = None, *, loaded: bool = False) -> None:
        urgency = NORMAL
        if head.urgent:
            try:
                urgency = urgency_of(head.headers, begun)
                if urgency.late:
                    self._service.gauges[LATE] += 1
                    raise late()
            except SealiftError as error:
                self._write(failure(error, head.url.decode("latin-1")), head)
                return
        if head.plain and len(body) <= SMALL and not loaded:
            route = self._server.quick.get(head.url)
            if route is not None:
                call = self._quick(route, head, body)
                if call is None:
                    return
        request = self._server.request(head.method, head.url, head.headers, body, call)
        model = None if self._server.fast else self._server.route(request.path)
        if not loaded and head.method == "POST" and model is not None and not model.loaded:
            # The connection's own future: the others still wait if this connection ends.
            self._work, self.deadline = asyncio.shield(self._server.load(model)), math.inf
            self._work.add_done_callback(partial(self._load_done, head, body, begun, call))
            return
        waits = request.path.startswith(PREFIX)  # for other processes
        if waits:
            request = replace(request, address=str((self._transport.get_extra_info("peername") or ("",))[0]))
        is_fast = not body or self._server.fast or (model is not None and model.fast)
        if not waits and len(body) <= SMALL and is_fast:
            self._write(respond(self._service, request), head)
            return
        try:
            urgency = self._service.permitted(urgency, head.headers)
            work = self._server.queue.submit(respond, self._service, request, urgency=urgency)
        except SealiftError as error:
            self._write(failure(error, request.path), head)
        else:
            self._work, self.deadline = work, math.inf
            work.add_done_callback(partial(self._done, head, request.path))

    def _load_done(self, head: Head, body: bytes, begun: float, call: Call | None, work: asyncio.Future[None]) -> None:
        self._work = None
        if not self._closed and not work.cancelled():
            self._answer(head, body, begun, call, loaded=True)
            self._continue()

    def _done(self, head: Head, path: str, work: asyncio.Future[Response]) -> None:
        self._work = None
        refused = refusal(work)
        if self._closed or work.cancelled():
            return
        self._write(work.result() if refused is None else failure(refused, path), head)
        self._continue()

    def _continue(self) -> None:
        """Answer the requests that waited for the answer to an earlier one."""
        while self._waiting and self._work is None and not self._closed:
            self._answer(*self._waiting.popleft())
        if not self._closed and len(self._waiting) < _MOST_WAITING:
            self._transport.resume_reading()

    def _quick(self, name: str, head: Head, body: bytes) -> Call | None:
        """Answer a request of one row; where the general path has to answer, return the call that has begun.

        That path continues the same call. To choose a version again would give less than its share to a version whose
        rows need the general path more often, and would count the request twice against the rate of its caller.
        """
        service, headers = self._service, head.headers
        model = service.plane.routes[name].choose(headers)
        call: Call | None = None
        try:
            call = service.begin_with(model, "predict", headers)
            single = model.single
            tensors = None if single is None else single.read(body)
            if single is None or tensors is None:
                return call
            if model.joins > 1 and self._server.several:
                self._work, self.deadline = _JOINED, math.inf
                self._server.joiner.add(single, self, head, call, tensors)
                return None
            answered, written = single.answer(tensors)
        except SealiftError as error:
            self._write_failure(error, head, call)
            return None
        call.answered.append(answered)
        self._write_success(written, head)
        service.end(call, 200)
        return None

    def joined(self, head: Head, body: bytes) -> None:
        """Send the answer to a request of one row."""
        self._work = None
        if not self._closed:
            self._write_success(body, head)
            if self._waiting:
                self._continue()

    def not_joined(self, head: Head, call: Call, error: SealiftError) -> None:
        """Send the error of a request of one row, and end its call."""
        self._work = None
        self._write_failure(error, head, call)
        self._continue()
