"""The ASGI application, which any ASGI server can run or mount."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from sealift.serve.http.messages import Limits, Request, Response, as_json, too_large
from sealift.serve.http.routes import failure, respond
from sealift.serve.plane import Plane

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger(__name__)
_SMALL = 1 << 14
"""Bytes of a body that is answered in the thread of the event loop: handing it over would take longer."""


class App:
    """The application.

    Attributes:
        plane: the models.
        limits: limits of a request.
    """

    def __init__(self, plane: Plane, limits: Limits | None = None) -> None:
        self.plane = plane
        self.limits = limits or Limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the lifespan protocol."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            raise ValueError(f"the protocol {scope['type']} is not supported")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"][len(scope.get("root_path", "")) :] if scope.get("root_path") else scope["path"]
        body = await self._body(headers, receive)
        if body is None:
            return  # the client is gone
        if isinstance(body, Response):
            await _send(send, body, close=True)
            return
        request = Request(scope["method"], path, headers, body, self.limits)
        if len(body) <= _SMALL:
            response = self._respond(request)
        else:
            response = await asyncio.to_thread(self._respond, request)
        await _send(send, response)

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes | Response | None:
        """The body; None where the client ended the connection, and a response where the body is too large."""
        most = self.limits.body
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > most:
            return failure(too_large(most), "")
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > most:
                return failure(too_large(most), "")
            parts.append(part)
            if not message.get("more_body"):
                return parts[0] if len(parts) == 1 else b"".join(parts)

    def _respond(self, request: Request) -> Response:
        try:
            return respond(self.plane, request)
        except Exception:  # a fault of Sealift: the server stays up, and the client gets no internals
            _log.error("an internal error\n%s", traceback.format_exc())
            return as_json({"error": "[E901] An internal error. See the log of the server."}, 500)


async def _send(send: Send, response: Response, *, close: bool = False) -> None:
    headers = [
        (b"content-type", response.media_type.encode()),
        (b"content-length", str(len(response.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        *((name.encode(), value.encode()) for name, value in response.headers.items()),
    ]
    if close:  # the rest of the body is not read
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
