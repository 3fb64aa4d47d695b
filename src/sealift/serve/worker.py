"""One process that answers requests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift.errors import SealiftError, ServeError
from sealift.optional import need
from sealift.serve.channel import Channel
from sealift.serve.http.server import Server
from sealift.serve.opening import open_version, route_of
from sealift.serve.scaling.memory import return_memory
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.stream.settings import StreamSettings
from sealift.serve.traffic.state import Version, from_dict

try:  # here, so that the workers share its memory
    _new_loop = need("uvloop", "serve", "The server").new_event_loop
except ImportError:  # there is none for Windows
    _new_loop = asyncio.new_event_loop
_GRACE = 30.0
"""Seconds that requests have to finish when the process is to end."""


@dataclass
class Supervised:
    """What a worker has of its supervisor.

    Attributes:
        alive: a file descriptor that reaches its end when the supervisor has ended; nothing is ever written to it.
        channel: messages that change what is answered.
        stock: the versions that are loaded, by the name of the model and the version.
        sockets: all listening sockets; messages say from which of them connections are accepted.
    """

    alive: int
    channel: Channel
    stock: dict[tuple[str, str], ServedModel]
    sockets: Sequence[socket.socket]


def run(
    service: Service,
    listening: Sequence[socket.socket],
    ready: Callable[[], None],
    supervised: Supervised | None = None,
    grpc: tuple[str, int] | None = None,
    stream: tuple[StreamSettings, int, bool] | None = None,
) -> None:
    """Answer requests until SIGTERM, or until the supervisor ends; accepted requests finish.

    Args:
        service: the models, which are prepared.
        listening: the sockets from which connections are accepted at once.
        ready: called once when requests are answered.
        supervised: the supervisor's side; None where the process has none.
        grpc: the address of gRPC; None does not serve it.
        stream: the broker whose messages are answered, the number of this worker, and whether the server starts now.

    Raises:
        ServeError: E796 and E797, where the server starts and the broker refuses the connection.
    """

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT) if supervised is None else (signal.SIGTERM,):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, ended.set)
        server = Server(service)
        await server.start(listening)
        stops: list[Callable[[float], Awaitable[None]]] = [server.stop]
        if grpc is not None:
            from sealift.serve.grpc.server import GrpcServer

            beside = GrpcServer(service, server)
            await beside.start(*grpc)
            stops.append(beside.stop)
        if stream is not None:
            from sealift.serve.stream.consumer import StreamConsumer

            consumer = StreamConsumer(service, *stream)
            await consumer.start()
            stops.append(consumer.stop)
        if supervised is not None:
            loop.add_reader(supervised.alive, ended.set)
            loop.add_reader(supervised.channel, _Changes(server, supervised, ended.set).read)
        ready()
        await ended.wait()
        if supervised is not None:
            loop.remove_reader(supervised.alive)
            loop.remove_reader(supervised.channel)
        service.plane.draining = True
        await asyncio.gather(*(stop(_GRACE) for stop in stops))

    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(serve())


class _Changes:
    """Does what the supervisor asks, and reports when it is done.

    Args:
        server: the server.
        supervised: the supervisor's side.
        end: ends the process.
    """

    def __init__(self, server: Server, supervised: Supervised, end: Callable[[], None]) -> None:
        self._server = server
        self._sockets = supervised.sockets
        self._end = end
        self._channel = supervised.channel
        self._stock = supervised.stock
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._actions: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "prepare": self._prepare,
            "apply": self._apply,
            "listen": self._listen,
            "retire": self._retire,
            "shed": self._shed,
            "unload": self._unload,
        }

    def read(self) -> None:
        """Read messages. Called by the event loop."""
        for message in self._channel.receive():
            task = self._loop.create_task(self._do(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not self._channel.open:
            self._loop.remove_reader(self._channel)

    async def _do(self, message: dict[str, Any]) -> None:
        error: SealiftError | None = None
        try:
            await self._actions[message["do"]](message)
        except SealiftError as raised:
            error = raised
        except Exception as raised:
            error = ServeError("E703", f"{raised!r:.200}.", fix="Read the log of the server.")
        self._channel.send({"id": message["id"], "error": None if error is None else error.as_dict()})

    async def _prepare(self, message: dict[str, Any]) -> None:
        """Load a version in a thread, while requests are answered."""
        name, version = message["name"], Version(**message["version"])
        known = self._stock.get((name, version.version))
        if known is not None and known.identity == version.identity:
            return
        key = None if message["key"] is None else Path(message["key"])
        served = await asyncio.to_thread(open_version, name, version, key)
        served.series, served.unloads = message["series"], message["unloads"]
        served.join(*message["join"])
        service = self._server.service
        service.series = {**service.series, (name, version.version): served.series}
        self._stock[name, version.version] = served

    async def _listen(self, message: dict[str, Any]) -> None:
        """Accept connections from some of the sockets."""
        await self._server.listen([self._sockets[number] for number in message["sockets"]])

    async def _retire(self, _: dict[str, Any]) -> None:
        """End the process when its connections have ended."""
        await self._server.retire()
        self._end()

    async def _shed(self, message: dict[str, Any]) -> None:
        """Close some of the connections after their next answer."""
        self._server.shed(message["connections"])

    async def _unload(self, message: dict[str, Any]) -> None:
        """Unload the versions of a model."""
        for (name, _), served in list(self._stock.items()):
            if name == message["name"]:
                served.unload()
        await asyncio.to_thread(return_memory)

    async def _apply(self, message: dict[str, Any]) -> None:
        traffic = from_dict(message["traffic"])
        versions = {version: self._stock[traffic.name, version] for version in traffic.versions}
        for key in [key for key in self._stock if key[0] == traffic.name and key[1] not in versions]:
            del self._stock[key]
        self._server.service.plane.set_route(route_of(traffic, versions))
        self._server.refresh()
