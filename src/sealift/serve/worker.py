"""One process that answers requests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable

from sealift.optional import need
from sealift.serve.http.server import Server
from sealift.serve.service import Service

_GRACE = 30.0
"""Seconds that requests have to finish when the process is to end."""


def run(
    service: Service,
    listening: socket.socket,
    ready: Callable[[], None],
    parent: int | None = None,
    grpc: tuple[str, int] | None = None,
) -> None:
    """Answer requests until SIGTERM, or until the parent ends; accepted requests finish.

    Args:
        service: the models, which are prepared.
        listening: the socket.
        ready: called once when requests are answered.
        parent: a file descriptor that reaches its end when the parent process has ended.
        grpc: the address of gRPC; None does not serve it.
    """

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT) if parent is None else (signal.SIGTERM,):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, ended.set)
        if parent is not None:
            loop.add_reader(parent, ended.set)  # nothing is ever written to it
        server = Server(service)
        await server.start(listening)
        stops = [server.stop]
        if grpc is not None:
            from sealift.serve.grpc.server import GrpcServer

            beside = GrpcServer(service, server)
            await beside.start(*grpc)
            stops.append(beside.stop)
        ready()
        await ended.wait()
        if parent is not None:
            loop.remove_reader(parent)
        service.plane.draining = True
        await asyncio.gather(*(stop(_GRACE) for stop in stops))

    try:
        new_loop = need("uvloop", "serve", "The server").new_event_loop
    except ImportError:  # there is none for Windows
        new_loop = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(serve())
