"""The gRPC server of one process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from sealift.errors import SealiftError
from sealift.optional import need
from sealift.serve.access.credentials import CERTIFICATE
from sealift.serve.grpc.credentials import client_names, credentials_of
from sealift.serve.grpc.messages import HEALTH, SERVICE
from sealift.serve.grpc.methods import METHODS, OPEN, Method, Reply, check_health
from sealift.serve.http.messages import PUBLIC, malformed, status_of
from sealift.serve.http.queue import RequestQueue
from sealift.serve.logs import report
from sealift.serve.service import Service
from sealift.serve.urgency import Urgency, urgency_of
from sealift.serve.wording import for_caller

# Imported before the processes are forked, which then share its memory. Nothing of it is used before the fork, because
# its threads would not exist afterwards.
_grpc = need("grpc", "grpc", "The protocol of gRPC")
_aio = need("grpc.aio", "grpc", "The protocol of gRPC")

SMALL = 1 << 14
"""Bytes of a request that is answered in the thread of the event loop: handing it over would take longer."""
_MOST_BYTES = (1 << 31) - 1
_LONGEST = 2000
"""Characters of a message of an error, which is sent in a header."""
_CODES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""HTTP status → status of gRPC; INVALID_ARGUMENT and INTERNAL for others below and from 500."""


class Threads(Protocol):
    """The threads of the process for longer work (`sealift.serve.http.server`)."""

    @property
    def fast(self) -> bool: ...  # noqa: D102
    @property
    def queue(self) -> RequestQueue: ...  # noqa: D102


class GrpcServer:
    """Answers the methods of the protocol. All methods belong to the thread of the event loop.

    Args:
        service: the models and what belongs to them.
        threads: the threads for longer work, whose queue is shared with HTTP.
    """

    def __init__(self, service: Service, threads: Threads) -> None:
        self._service = service
        self._threads = threads
        self._certified = service.tls is not None and service.tls.client_ca is not None
        limits = service.limits
        self._server = _aio.server(
            options=[
                ("grpc.max_receive_message_length", min(limits.body, _MOST_BYTES)),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 1),
                ("grpc.max_connection_idle_ms", int(limits.idle * 1000)),
                ("grpc.max_allowed_incoming_connections", limits.connections),
            ]
        )
        handlers = {name: self._handler(method) for name, method in METHODS.items()}
        health = {"Check": self._handler(check_health)}
        self._server.add_generic_rpc_handlers(
            (
                _grpc.method_handlers_generic_handler(SERVICE, handlers),
                _grpc.method_handlers_generic_handler(HEALTH, health),
            )
        )

    async def start(self, host: str, port: int) -> int:
        """Accept connections; returns the port. Raises RuntimeError where the address cannot be used."""
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if self._service.tls is None:
            bound: int = self._server.add_insecure_port(address)
        else:
            bound = self._server.add_secure_port(address, credentials_of(self._service.tls))
        await self._server.start()
        return bound

    async def stop(self, seconds: float) -> None:
        """Accept no requests, and wait until those that were accepted are answered, at most so long."""
        await self._server.stop(seconds)

    def _handler(self, method: Method) -> Any:
        """The handler of a method for the library."""
        if self._service.access is None:

            async def received(data: bytes, context: Any) -> bytes:
                return await self._respond(method, context, data)

            return _grpc.unary_unary_rpc_method_handler(received)

        async def called(_messages: object, context: Any) -> bytes:
            return await self._respond(method, context, None)

        # The library calls this kind of handler before it receives the message. For the client there is no difference.
        return _grpc.stream_unary_rpc_method_handler(called)

    async def _respond(self, method: Method, context: Any, data: bytes | None) -> bytes:
        """The response to a request; None for a message that is not received yet."""
        headers = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        if self._certified:
            names = client_names(context.auth_context())
            if names:
                headers[CERTIFICATE] = names
        try:
            if data is None:
                data = await self._receive(method, context, headers)
            urgency = urgency_of(headers, time.monotonic())
            remaining = context.time_remaining()  # of the header grpc-timeout
            if remaining is not None:
                urgency = urgency._replace(deadline=min(urgency.deadline, time.monotonic() + remaining))
            reply = await self._answer(method, data, headers, urgency)
            if reply.metadata:
                context.set_trailing_metadata(tuple(reply.metadata.items()))
            return reply.data
        except Exception as error:
            code, text = failure(error)
        return await context.abort(_grpc.StatusCode[code], text)  # type: ignore[no-any-return]

    async def _receive(self, method: Method, context: Any, headers: Mapping[str, str]) -> bytes:
        """The message of a known caller; nothing is received from others, for whom an open method needs no message.

        Raises:
            ServeError: as `Access.identify`; E704 where there is no message.
        """
        if method in OPEN:
            assert self._service.access is not None
            try:
                self._service.access.identify(headers)
            except SealiftError:
                return b""
        else:
            self._service.identify(headers)
        data = await context.read()
        if data is _aio.EOF:
            raise malformed("it has no message")
        return bytes(data)

    async def _answer(self, method: Method, data: bytes, headers: Mapping[str, str], urgency: Urgency) -> Reply:
        if len(data) <= SMALL and (self._threads.fast or not data):
            return method(self._service, data, headers)
        urgency = self._service.permitted(urgency, headers)
        return await self._threads.queue.submit(method, self._service, data, headers, urgency=urgency)


def failure(error: Exception) -> tuple[str, str]:
    """The name of the status, and the message, for an error.

    The message of an error that is not the client's fault may contain paths of this machine, and is not sent.
    """
    if not isinstance(error, SealiftError):  # a fault of Sealift
        report(error)
        return "INTERNAL", "[E901] An internal error. See the log of the server."
    status = status_of(error)
    if status >= 500 and error.code not in PUBLIC:
        report(error)
        return _CODES.get(status, "INTERNAL"), f"[{error.code}] The model cannot answer. See the log of the server."
    return _CODES.get(status, "INVALID_ARGUMENT"), str(for_caller(error))[:_LONGEST]
