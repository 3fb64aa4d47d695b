"""The process that starts the workers, replaces those that end, and ends them all."""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sealift.errors import ServeError
from sealift.runtime.processors import processors
from sealift.serve import worker
from sealift.serve.addresses import bind, reserve
from sealift.serve.deployment import Deployment
from sealift.serve.plane import Plane
from sealift.serve.service import Service

_log = logging.getLogger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_GRACE = 35.0
"""Seconds after which a worker that was asked to end is killed."""
_FAILURES = 3
"""Workers in a row that may end before they are ready."""
_WAIT = 0.05


@dataclass
class _Worker:
    pid: int
    reading: int
    ready: bool = False


def run(plane: Plane, deployment: Deployment, ready: Callable[[str, int, int | None], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        plane: the models, prepared.
        deployment: where to listen, and the number of workers.
        ready: called with host, port and the port of gRPC, if it is served, when every worker answers requests.

    Raises:
        ServeError: E710 when the address cannot be used, E703 when workers end before they are ready.
    """
    service = Service(plane, deployment.limits)
    count = deployment.workers or processors()
    can_fork = hasattr(os, "fork")
    sockets = bind(deployment.host, deployment.port, count if can_fork else 1)
    port = sockets[0].getsockname()[1]
    grpc, kept = (None, None) if deployment.grpc is None else reserve(deployment.host, deployment.grpc)

    def announce() -> None:
        ready(deployment.host, port, None if grpc is None else grpc[1])

    try:
        if can_fork:
            _Supervisor(service, sockets, count, grpc).run(announce)
        else:
            worker.run(service, sockets[0], announce, grpc=grpc)
    finally:
        for each in (*sockets, *([kept] if kept else [])):
            each.close()


class _Supervisor:
    def __init__(
        self, service: Service, sockets: Sequence[socket.socket], count: int, grpc: tuple[str, int] | None
    ) -> None:
        self._service = service
        self._sockets = sockets
        self._count = count
        self._grpc = grpc
        self._workers: dict[int, _Worker] = {}  # by place
        self._alive = os.pipe()  # its writing end is closed when this process ends, however that happens
        self._failures = 0
        self._stopping = False

    def run(self, ready: Callable[[], None]) -> None:
        gc.collect()
        gc.freeze()  # the collector of a worker would otherwise copy the pages of the models
        before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        try:
            for place in range(self._count):
                self._start(place)
            announced = False
            while not self._stopping:
                self._wait()
                self._reap()
                if not announced and all(each.ready for each in self._workers.values()):
                    announced = True
                    ready()
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)
            for end in self._alive:
                os.close(end)

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _wait(self) -> None:
        """Wait a short time, or until a worker reports that it is ready."""
        reading = [each.reading for each in self._workers.values() if not each.ready]
        readable = select.select(reading, [], [], _WAIT)[0]
        for each in self._workers.values():
            if each.reading in readable and os.read(each.reading, 1):
                each.ready, self._failures = True, 0

    def _start(self, place: int) -> None:
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            os.close(writing)
            self._workers[place] = _Worker(pid, reading)
            return
        code = 1
        try:
            os.close(reading)
            os.close(self._alive[1])
            for other in self._workers.values():
                os.close(other.reading)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if self._stopping:  # SIGTERM came between the fork and the line before
                os._exit(0)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the supervisor ends them
            for model in self._service.plane.models():
                model.prepare()
            listening = self._sockets[place % len(self._sockets)]
            worker.run(self._service, listening, lambda: _report(writing), self._alive[0], self._grpc)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        """Replace workers that ended."""
        for place, each in list(self._workers.items()):
            pid, status = os.waitpid(each.pid, os.WNOHANG)
            if pid == 0:
                continue
            os.close(each.reading)
            del self._workers[place]
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

    def _end(self) -> None:
        """Ask the workers to end, and kill those that do not."""
        for each in self._workers.values():
            os.kill(each.pid, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        left = dict(self._workers)
        while left:
            for place, each in list(left.items()):
                if os.waitpid(each.pid, os.WNOHANG)[0]:
                    os.close(each.reading)
                    del left[place]
            if left and time.monotonic() > until:
                for each in left.values():
                    os.kill(each.pid, signal.SIGKILL)
                until = float("inf")
            time.sleep(0.005)
        self._workers.clear()


def _report(writing: int) -> None:
    os.write(writing, b"1")
    os.close(writing)
