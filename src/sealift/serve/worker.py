"""One process that answers requests, with uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

from sealift.optional import need
from sealift.serve.http.app import App

_GRACE = 30
"""Seconds that requests have to finish when the process is to end."""


def run(app: App, listening: socket.socket, ready: Callable[[], None], parent: int | None = None) -> None:
    """Answer requests until SIGTERM, or until the parent ends; accepted requests finish.

    Args:
        app: the application, whose models are prepared.
        listening: the socket.
        ready: called once when requests are answered.
        parent: a file descriptor that reaches its end when the parent process has ended.
    """
    uvicorn = need("uvicorn", "serve", "The server")
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="auto",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )

    class Server(uvicorn.Server):  # type: ignore[misc, name-defined]
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Signals are handled by the loop below; uvicorn would raise them again at the end."""
            yield

    server = Server(config)

    def end() -> None:
        app.plane.draining = True
        server.should_exit = True

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT) if parent is None else (signal.SIGTERM,):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, end)
        if parent is not None:
            loop.add_reader(parent, end)  # nothing is ever written to it
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.001)
        if not serving.done():
            ready()
        await serving

    config.load()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve())
