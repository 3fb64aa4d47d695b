"""The process that starts the workers, replaces those that end, changes what they answer, and ends them all."""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealift.errors import SealiftError, ServeError
from sealift.runtime import load
from sealift.runtime.processors import processors
from sealift.serve import control, worker
from sealift.serve.addresses import bind, reserve
from sealift.serve.channel import Channel
from sealift.serve.counters import SERIES, Counters, RequestCounts
from sealift.serve.deployment import Deployment
from sealift.serve.helpers import Helpers
from sealift.serve.opening import Opened, open_version, route_of
from sealift.serve.records.metrics import record_metrics
from sealift.serve.records.parts import CallRecording
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.traffic import state
from sealift.serve.traffic.operations import Operations
from sealift.serve.traffic.shadow import Shadow, ShadowMemory, ShadowObserver
from sealift.serve.traffic.state import Traffic, Version

_log = logging.getLogger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_GRACE = 35.0
"""Seconds after which a worker that was asked to end is killed."""
_FAILURES = 3
"""Workers in a row that may end before they are ready."""
_WAIT = 0.05
_TICK = 0.5
"""Seconds between two looks at the canaries."""
_PREPARE = 300.0
"""Seconds that a worker may take to load a version."""


@dataclass
class _Worker:
    pid: int
    channel: Channel
    ready: bool = False
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)


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
    service = Service(opened.plane, deployment.limits)
    count = deployment.workers or processors()
    can_fork = hasattr(os, "fork")
    sockets = bind(deployment.host, deployment.port, count if can_fork else 1)
    port = sockets[0].getsockname()[1]
    grpc, kept = (None, None) if deployment.grpc is None else reserve(deployment.host, deployment.grpc)

    def announce() -> None:
        ready(deployment.host, port, None if grpc is None else grpc[1])

    recording = None if deployment.records is None else CallRecording(deployment.records, count if can_fork else 1)
    if recording is not None:
        service.metric_sources.append(record_metrics(recording.counts))
    with ExitStack() as stack:
        for each in (*sockets, *([kept] if kept else [])):
            stack.callback(each.close)
        if not can_fork:
            with nullcontext() if recording is None else recording.in_thread(service):
                worker.run(service, sockets[0], announce, grpc=grpc)
            return
        if deployment.state is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sealift-")))
        else:
            folder = deployment.state
            folder.mkdir(exist_ok=True)
            stack.enter_context(state.locked(folder))
        path = control.socket_path(port)
        listening = control.listen(path)
        stack.callback(path.unlink, missing_ok=True)
        stack.callback(listening.close)
        _Supervisor(service, opened, sockets, count, grpc, folder, listening, recording).run(announce)


class _Supervisor:
    """The workers; also the `Fleet` of `Operations`."""

    def __init__(
        self,
        service: Service,
        opened: Opened,
        sockets: Sequence[socket.socket],
        count: int,
        grpc: tuple[str, int] | None,
        folder: Path,
        listening: socket.socket,
        recording: CallRecording | None,
    ) -> None:
        self._service = service
        self._recording = recording
        self._sockets = sockets
        self._count = count
        self._grpc = grpc
        self._keys = opened.keys
        self._listening = listening
        self._clients: list[Channel] = []
        self._workers: dict[int, _Worker] = {}  # by place
        self._alive = os.pipe()  # its writing end is closed when this process ends, however that happens
        self._failures = 0
        self._stopping = False
        self._number = 0
        self._counters = service.counters = Counters(count)
        self._series: dict[tuple[str, str], int] = {}  # by the name of the model and the identity
        self._stock: dict[tuple[str, str], ServedModel] = {}
        for model in service.plane.models():
            model.series = self._series_of(model.name, model.version, model.model.identity)
            self._stock[model.name, model.version] = model
        self._operations = Operations(self, folder, opened.traffic, opened.bases)
        self._shadow = ShadowMemory(count)
        self._shadowing: Shadow | None = None
        self._folder = folder
        self._helpers = Helpers([] if recording is None else [recording], self._alive[0], self._close_in_child)
        for traffic in opened.traffic.values():
            self._route(traffic)

    def run(self, ready: Callable[[], None]) -> None:
        gc.collect()
        gc.freeze()  # the collector of a worker would otherwise copy the pages of the models
        before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        try:
            self._helpers.start()
            for place in range(self._count):
                self._start(place)
            announced, tick = False, time.monotonic() + _TICK
            while not self._stopping:
                self._turn(_WAIT)
                self._clients = [client for client in self._clients if self._serve_client(client)]
                self._helpers.reap()
                if not announced and all(each.ready for each in self._workers.values()):
                    announced = True
                    ready()
                if time.monotonic() > tick:
                    tick = time.monotonic() + _TICK
                    self._operations.tick()
        finally:
            self._end()
            self._helpers.end()
            for number, handler in before.items():
                signal.signal(number, handler)
            for end in self._alive:
                os.close(end)

    # The fleet of the operations.

    def inspect(self, file: Path) -> tuple[str, Version]:
        """The name in a sealed file, and its version."""
        model = load(file)
        return model.name, Version(model.version, model.identity, str(file))

    def prepare(self, name: str, version: Version) -> None:
        """Load a version here, for workers to come, and in every worker."""
        key = (name, version.version)
        known = self._stock.get(key)
        if known is None or known.model.identity != version.identity:
            served = open_version(name, version, self._keys.get(name))
            served.series = self._series_of(name, version.version, version.identity)
        else:
            served = known
        message = {"do": "prepare", "name": name, "version": vars(version), "series": served.series}
        key_file = self._keys.get(name)
        message["key"] = None if key_file is None else str(key_file)
        self._stock[key] = served  # before the workers are asked: those that start meanwhile have it from here
        errors = list(self._ask_workers(message, _PREPARE).values())
        if errors:
            if known is None:
                del self._stock[key]
            raise ServeError("E703", errors[0]["what"], where=errors[0]["where"], fix=errors[0]["fix"])

    def apply(self, traffic: Traffic) -> None:
        """Let every worker answer as `traffic` says."""
        for key in [key for key in self._stock if key[0] == traffic.name and key[1] not in traffic.versions]:
            del self._stock[key]
        self._route(traffic)
        for pid, error in self._ask_workers({"do": "apply", "traffic": traffic.as_dict()}, _PREPARE).items():
            _log.error("worker %d cannot change its models and is replaced: %s", pid, error["what"])
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def counts(self, name: str, version: str) -> RequestCounts:
        """The counts of a version since it was loaded."""
        served = self._stock.get((name, version))
        return RequestCounts() if served is None else self._counters.read(served.series)

    def disagreement(self, name: str, version: str) -> tuple[float, float] | None:
        """The number of rows with another answer than the live version's, and of compared rows."""
        served = self._stock.get((name, version))
        differing, rows = (0.0, 0.0) if served is None else self._shadow.compared(served.series)
        return (differing, rows) if rows else None

    def _route(self, traffic: Traffic) -> None:
        """Let this process, and workers that are started later, answer as `traffic` says."""
        versions = {version: self._stock[traffic.name, version] for version in traffic.versions}
        self._service.plane.set_route(route_of(traffic, versions))
        if traffic.shadows and self._shadowing is None:
            self._shadowing = Shadow(self._shadow, self._stock, self._folder / "shadow.json")
            self._helpers.add(self._shadowing)

    # Messages.

    def _ask_workers(self, message: dict[str, Any], seconds: float) -> dict[int, dict[str, Any]]:
        """Send a message to every worker, wait for the answers, and return the errors by process.

        A worker that ends meanwhile is replaced by one that has the state of this process.
        """
        self._number += 1
        number = self._number
        asked = [each.pid for each in self._workers.values()]
        for each in self._workers.values():
            each.channel.send({**message, "id": number})
        until = time.monotonic() + seconds
        errors: dict[int, dict[str, Any]] = {}
        while asked:
            self._turn(_WAIT)
            for each in list(self._workers.values()):
                answer = each.answers.pop(number, None)
                if answer is not None:
                    asked.remove(each.pid)
                    if answer["error"] is not None:
                        errors[each.pid] = answer["error"]
            alive = {each.pid for each in self._workers.values()}
            asked = [pid for pid in asked if pid in alive]
            if asked and time.monotonic() > until:
                for pid in asked:  # it is replaced
                    os.kill(pid, signal.SIGKILL)
        return errors

    def _turn(self, seconds: float) -> None:
        """Wait for messages of workers, or of clients; read those of workers, and replace workers that ended."""
        channels = [each.channel for each in self._workers.values() if each.channel.open]
        watched: list[Channel | socket.socket] = [*channels, self._listening, *self._clients]
        readable = select.select(watched, [], [], seconds)[0]
        for each in self._workers.values():
            if each.channel in readable:
                for message in each.channel.receive():
                    if message.get("ready"):
                        each.ready, self._failures = True, 0
                        self._count_ready()
                    elif "id" in message:
                        each.answers[message["id"]] = message
        if self._listening in readable:
            client = control.accept(self._listening)
            if client is not None:
                self._clients.append(client)
        self._reap()

    def _serve_client(self, client: Channel) -> bool:
        """Do what a client asks; False when it is gone."""
        for request in client.receive():
            client.send(self._answer(request))
        if not client.open:
            client.close()
        return client.open

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._operations.handle(request)
        except SealiftError as error:
            return {"ok": False, "error": error.as_dict()}
        except (KeyError, TypeError, ValueError) as error:
            malformed = ServeError(
                "E741", f"The request is malformed: {error!r:.200}.", fix="Use the commands of this version."
            )
            return {"ok": False, "error": malformed.as_dict()}

    # Processes.

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _series_of(self, name: str, version: str, identity: str) -> int:
        series = self._series.setdefault((name, identity), min(len(self._series), SERIES - 1))
        self._service.series = {**self._service.series, (name, version): series}
        return series

    def _start(self, place: int) -> None:
        ours, theirs = Channel.pair()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            theirs.close()
            self._workers[place] = _Worker(pid, ours)
            return
        code = 1
        try:
            ours.close()
            self._close_in_child()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if self._stopping:  # SIGTERM came between the fork and the line before
                os._exit(0)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the supervisor ends them
            for model in self._service.plane.models():
                model.prepare()
            self._service.observers.append(self._counters.writer(place))
            self._service.observers.append(ShadowObserver(self._shadow.rings[place], self._service.plane))
            if self._recording is not None:
                self._service.observers.append(self._recording.observer(place))
            listening = self._sockets[place % len(self._sockets)]
            supervised = worker.Supervised(self._alive[0], theirs, self._stock)
            worker.run(self._service, listening, lambda: theirs.send({"ready": True}), supervised, self._grpc)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _close_in_child(self) -> None:
        """Close what belongs to this process alone, after a fork."""
        os.close(self._alive[1])
        self._listening.close()
        for other in [*(each.channel for each in self._workers.values()), *self._clients]:
            other.close()

    def _reap(self) -> None:
        """Replace workers that ended."""
        for place, each in list(self._workers.items()):
            pid, status = os.waitpid(each.pid, os.WNOHANG)
            if pid == 0:
                continue
            each.channel.close()
            del self._workers[place]
            self._count_ready()
            if self._stopping:
                continue
            self._counters.replaced += 1
            if not each.ready:
                self._failures += 1
                if self._failures >= _FAILURES:
                    raise ServeError(
                        "E703",
                        f"{_FAILURES} workers in a row ended before they were ready.",
                        fix="Read above why they ended; `sealift verify` checks the models.",
                    )
            _log.warning("worker %d ended with status %d and is replaced", pid, os.waitstatus_to_exitcode(status))
            self._start(place)

    def _count_ready(self) -> None:
        self._counters.ready = sum(each.ready for each in self._workers.values())

    def _end(self) -> None:
        """Ask the workers to end, and kill those that do not."""
        for each in self._workers.values():
            os.kill(each.pid, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        left = dict(self._workers)
        while left:
            for place, each in list(left.items()):
                if os.waitpid(each.pid, os.WNOHANG)[0]:
                    each.channel.close()
                    del left[place]
            if left and time.monotonic() > until:
                for each in left.values():
                    os.kill(each.pid, signal.SIGKILL)
                until = float("inf")
            time.sleep(0.005)
        self._workers.clear()
