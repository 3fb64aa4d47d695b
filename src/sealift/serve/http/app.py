"""The ASGI application, which any ASGI server can run or mount."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from sealift.serve.http.messages import Request, Response, secure_headers, too_large
from sealift.serve.http.reading import SMALL
from sealift.serve.http.routes import failure, respond
from sealift.serve.service import Service

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class App:
    """The application.

    Attributes:
        service: the models and what belongs to them.
    """

    def __init__(self, service: Service) -> None:
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the lifespan protocol."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            raise ValueError(f"the protocol {scope['type']} is not supported")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name[:1] != b":"
        }
        path = scope["path"][len(scope.get("root_path", "")) :] if scope.get("root_path") else scope["path"]
        body = await self._body(headers, receive)
        if body is None:
            return  # the client is gone
        if isinstance(body, Response):
            await self._send(send, body, headers, close=True)
            return
        query = scope.get("query_string", b"").decode("latin-1")
        request = Request(scope["method"], path, headers, body, self.service.limits, query)
        if len(body) <= SMALL:
            response = respond(self.service, request)
        else:
            response = await asyncio.to_thread(respond, self.service, request)
        await self._send(send, response, headers)

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes | Response | None:
        """The body; None where the client ended the connection, and a response where the body is too large."""
        most = self.service.limits.body
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

    async def _send(self, send: Send, response: Response, asked: Mapping[str, str], *, close: bool = False) -> None:
        cors = self.service.cors
        headers = {
            "content-type": response.media_type,
            "content-length": str(len(response.body)),
            **secure_headers(tls=False),
            **({} if cors is None else cors.headers(asked.get("origin"))),
            **response.headers,
            **({"connection": "close"} if close else {}),  # the rest of the body is not read
        }
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": pairs})
        await send({"type": "http.response.body", "body": response.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
