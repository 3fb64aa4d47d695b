"""The process that starts the workers, replaces those that end, changes what they answer, and ends them all."""

from __future__ import annotations

import gc
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift.errors import InternalError, SealiftError, ServeError
from sealift.serve import control, logs, worker
from sealift.serve.access.audit import AuditedOperations, AuditLog
from sealift.serve.access.desk import AdminDesk
from sealift.serve.access.parts import protect
from sealift.serve.addresses import bind, reserve
from sealift.serve.channel import Channel
from sealift.serve.counters import Counters
from sealift.serve.deployment import Deployment
from sealift.serve.fleet import WorkerFleet
from sealift.serve.helpers import Helper, Helpers
from sealift.serve.notify import Notifier
from sealift.serve.opening import Opened
from sealift.serve.receipts import Receipts
from sealift.serve.records.metrics import record_metrics
from sealift.serve.records.parts import CallRecording
from sealift.serve.scaling.gauges import WorkerGauges
from sealift.serve.scaling.idle import IdleModels
from sealift.serve.scaling.metrics import worker_metrics
from sealift.serve.scaling.scaler import Scaler, place_count
from sealift.serve.scaling.settings import WorkerRange, threads_of
from sealift.serve.scaling.sharing import SocketSharing
from sealift.serve.scaling.sockets import socket_count
from sealift.serve.service import Service
from sealift.serve.stream.settings import StreamSettings
from sealift.serve.stream.state import StreamMemory
from sealift.serve.traffic import state
from sealift.serve.traffic.operations import Operations
from sealift.serve.traffic.shadow import ShadowMemory, ShadowObserver
from sealift.serve.traffic.watch import WatchedFolders
from sealift.serve.worker_pool import WorkerPool

if TYPE_CHECKING:
    from sealift.serve.telemetry.parts import Telemetry

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_WAIT = 0.05
_TICK = 0.5
"""Seconds between two looks at the canaries, the load, idle models and watched folders."""


def run(opened: Opened, deployment: Deployment, ready: Callable[[str, int, int | None], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        opened: the models, prepared.
        deployment: where to listen, and the number of workers.
        ready: called with host, port and the port of gRPC, if it is served, when every worker answers requests.

    Raises:
        ServeError: E710 when the address cannot be used, E703 when workers end before they are ready, E742 where the
            history was altered.
    """
    logs.configure(deployment.log)
    logs.identify(process="supervisor")
    limits = WorkerRange.of(deployment.workers)
    threads = deployment.limits.threads or threads_of(limits.most)
    service = Service(opened.plane, replace(deployment.limits, threads=threads))
    if deployment.log.access:
        service.observers.append(logs.AccessLog())
    if deployment.receipts is not None:
        service.receipts = Receipts(deployment.receipts)
    helpers = protect(service, deployment)
    can_fork = hasattr(os, "fork")
    places = place_count(limits) if can_fork else 1
    _raise_open_files()
    sockets = bind(deployment.host, deployment.port, socket_count(limits.least, limits.most) if can_fork else 1)
    port = sockets[0].getsockname()[1]
    grpc, kept = (None, None) if deployment.grpc is None else reserve(deployment.host, deployment.grpc)

    stream = _stream(service, deployment, places)

    def announce() -> None:
        ready(deployment.host, port, None if grpc is None else grpc[1])

    recording = None if deployment.records is None else CallRecording(deployment.records, places)
    if recording is not None:
        service.metric_sources.append(record_metrics(recording.counts))
    telemetry = None
    if deployment.telemetry is not None and can_fork:
        from sealift.serve.telemetry.parts import Telemetry

        telemetry = Telemetry(deployment.telemetry, places)
        service.metric_sources.append(telemetry.memory.source())
    with ExitStack() as stack:
        for each in (*sockets, *([kept] if kept else [])):
            stack.callback(each.close)
        if not can_fork:
            gc.enable()
            with nullcontext() if recording is None else recording.in_thread(service):
                beside = None if stream is None else (stream, 0, True)
                worker.run(service, sockets, announce, grpc=grpc, stream=beside)
            return
        if deployment.state is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sealift-")))
        else:
            folder = deployment.state
            stack.enter_context(state.locked(folder))
        audit = None if deployment.access is None else AuditLog(deployment.access.audit)
        if deployment.access is not None:
            service.desk = AdminDesk(port, deployment.access.audit)
        path = control.socket_path(port)
        listening = control.listen(path)
        stack.callback(path.unlink, missing_ok=True)
        stack.callback(listening.close)
        supervisor = _Supervisor(
            service, opened, sockets, limits, grpc, folder, listening, recording, telemetry, helpers, stream, audit
        )
        supervisor.run(announce)


class _Supervisor:
    """The main loop: the workers, the helpers, the control socket and the changes that are due."""

    def __init__(
        self,
        service: Service,
        opened: Opened,
        sockets: Sequence[socket.socket],
        limits: WorkerRange,
        grpc: tuple[str, int] | None,
        folder: Path,
        listening: socket.socket,
        recording: CallRecording | None,
        telemetry: Telemetry | None,
        helpers: Sequence[Helper],
        stream: StreamSettings | None,
        audit: AuditLog | None,
    ) -> None:
        self._service = service
        self._telemetry = telemetry
        self._recording = recording
        self._sockets = sockets
        self._grpc = grpc
        self._stream = stream
        self._listening = listening
        self._clients: list[Channel] = []
        self._announced = False
        self._alive = os.pipe()  # its writing end is closed when this process ends, however that happens
        places = place_count(limits)
        self._counters = service.counters = Counters(places)
        self._shadow = ShadowMemory(places)
        self._gauges = WorkerGauges(places)
        service.metric_sources.append(worker_metrics(self._gauges))
        self._pool = WorkerPool(self._counters, self._work, self._close_in_child)
        self._scaler = Scaler(self._pool, limits, self._counters, self._gauges)
        self._sharing = SocketSharing(self._pool, len(sockets))
        self._pool.changed = self._sharing.update
        own = [each for each in (recording, telemetry) if each is not None]
        self._helpers = Helpers([*own, *helpers], self._alive[0], self._begin_helper)
        add = self._helpers.add
        self._fleet = WorkerFleet(service, opened, self._counters, self._pool, self._shadow, folder, add)
        self._idle = IdleModels(opened.idle, self._fleet.stock, self._pool, self._counters, self._gauges)
        self._operations = Operations(self._fleet, folder, opened.traffic, opened.bases)
        self._watched = WatchedFolders(self._operations, opened.watches, folder)
        self._acts = AuditedOperations(self._operations, audit)
        self._operations.automatic = self._acts.automatic
        for traffic in opened.traffic.values():
            self._fleet.route(traffic)

    def run(self, ready: Callable[[], None]) -> None:
        gc.freeze()  # the collector of a worker would otherwise copy the pages of the models
        gc.enable()
        manager = Notifier()
        before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        try:
            self._helpers.start()
            self._scaler.start()
            tick = time.monotonic() + _TICK
            while not self._pool.stopping:
                self._turn()
                self._helpers.reap()
                if not self._announced and self._sharing.settled:
                    self._announced = True
                    ready()
                    manager.send("READY=1")
                manager.alive()
                if time.monotonic() > tick:
                    tick = time.monotonic() + _TICK
                    self._tick()
        finally:
            manager.send("STOPPING=1")
            self._pool.end()
            if self._telemetry is not None:
                self._telemetry.tick(self._service, last=True)
            self._helpers.end()
            for number, handler in before.items():
                signal.signal(number, handler)
            for end in self._alive:
                os.close(end)

    def _tick(self) -> None:
        """Do what is due; a fault in one part does not end the server."""
        telemetry = self._telemetry
        ticks: list[Callable[[], object]] = [
            self._operations.tick,
            self._watched.tick,
            self._scaler.tick,
            self._idle.tick,
        ]
        if telemetry is not None:
            ticks.append(lambda: telemetry.tick(self._service))
        for tick in ticks:
            try:
                tick()
            except Exception as error:
                logs.report(error)

    def _turn(self) -> None:
        """Do what the clients of the control socket ask for; start a worker for a connection that finds none."""
        sleeping = self._sockets if self._scaler.empty else ()
        readable = self._pool.turn((self._listening, *self._clients, *sleeping), _WAIT)
        if any(each in readable for each in sleeping):
            self._scaler.add()
        if self._listening in readable:
            client = control.accept(self._listening)
            if client is not None:
                self._clients.append(client)
        self._clients = [client for client in self._clients if self._serve_client(client)]

    def _serve_client(self, client: Channel) -> bool:
        """Do what a client asks; False when it is gone."""
        for request in client.receive():
            client.send(self._answer(request))
        if not client.open:
            client.close()
        return client.open

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._acts.handle(request)
        except SealiftError as error:
            return {"ok": False, "error": error.as_dict()}
        except (KeyError, TypeError, ValueError) as error:
            malformed = ServeError(
                "E741", f"The request is malformed: {error!r:.200}.", fix="Use the commands of this version."
            )
            return {"ok": False, "error": malformed.as_dict()}
        except Exception as error:
            logs.report(error)
            internal = InternalError("E901", "An internal error.", fix="See the log of the server.")
            return {"ok": False, "error": internal.as_dict()}

    def _stop(self, _number: int, _frame: object) -> None:
        self._pool.stopping = True

    def _work(self, place: int, channel: Channel) -> None:
        """Answer requests. Called in the process of a worker."""
        logs.identify(process="worker", worker=place)
        service = self._service
        for model in service.plane.models():
            model.prepare()
        service.gauges = self._gauges.of(place)
        service.observers.append(self._counters.writer(place))
        service.observers.append(ShadowObserver(self._shadow.rings[place], service.plane))
        if self._telemetry is not None:  # before the records, which have the trace
            service.observers.append(self._telemetry.observer(place))
        if self._recording is not None:
            service.observers.append(self._recording.observer(place))
        supervised = worker.Supervised(self._alive[0], channel, self._fleet.stock, self._sockets)
        stream = None if self._stream is None else (self._stream, place, not self._announced)
        try:
            worker.run(service, (), lambda: channel.send({"ready": True}), supervised, self._grpc, stream)
        except ServeError as error:
            channel.send({"refused": error.as_dict()})
            raise

    def _begin_helper(self) -> None:
        """Close what belongs to this process, and release models that others unload when they are idle."""
        self._close_in_child()
        for served in self._fleet.stock.values():
            if served.unloads:
                served.unload()

    def _close_in_child(self) -> None:
        """Close what belongs to this process, after a fork."""
        os.close(self._alive[1])
        self._listening.close()
        self._pool.close_in_child()
        for client in self._clients:
            client.close()


def _stream(service: Service, deployment: Deployment, places: int) -> StreamSettings | None:
    """The broker whose messages are answered; the service gets the memory with the state."""
    stream = deployment.stream if deployment.mode == "stream" else None
    if stream is not None:
        service.stream = StreamMemory(places, stream.model or service.plane.only_name())
        service.metric_sources.append(service.stream.source())
    return stream


def _raise_open_files() -> None:
    """Permit as many open files as the system does: by default it is a thousand, and each connection needs one."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
