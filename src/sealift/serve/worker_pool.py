"""The worker processes: started, replaced where they end unasked, sent messages, and ended."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sealift.errors import ServeError
from sealift.serve import logs
from sealift.serve.channel import Channel
from sealift.serve.counters import Counters

Watched: TypeAlias = Channel | socket.socket

_log = logging.getLogger(__name__)
_GRACE = 35.0
"""Seconds after which a worker that was asked to end is killed."""
_FAILURES = 3
"""Workers in a row that may end before they are ready."""
_WAIT = 0.05


@dataclass
class Worker:
    """A worker process.

    Attributes:
        pid: its process id.
        channel: messages to it and from it.
        ready: whether it answers requests.
        draining: whether it ends when its connections have.
        accepts: the listening sockets from which it accepts, as last assigned.
        answers: its answers to messages that nobody has read yet, by their number.
    """

    pid: int
    channel: Channel
    ready: bool = False
    draining: bool = False
    accepts: frozenset[int] = frozenset()
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)


class WorkerPool:
    """The workers of one server, each in a place from 0 on.

    Args:
        counters: where the numbers of workers are reported.
        body: what a worker does, given its place and its end of the channel; it returns at the end of the worker.
        in_child: closes what belongs to the supervisor; called in each worker.

    Attributes:
        workers: the workers by their places.
        stopping: set when the server is to end; workers that end are then not replaced.
        changed: called after each turn, in which workers may have become ready or ended.
    """

    def __init__(self, counters: Counters, body: Callable[[int, Channel], None], in_child: Callable[[], None]) -> None:
        self._counters = counters
        self._body, self._in_child = body, in_child
        self.workers: dict[int, Worker] = {}
        self.stopping = False
        self.changed: Callable[[], None] = _nothing
        self._failures = 0
        self._number = 0

    @property
    def ready(self) -> bool:
        """Whether every worker answers requests."""
        return all(each.ready for each in self.workers.values())

    def start(self, place: int) -> None:
        """Start a worker."""
        ours, theirs = Channel.pair()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            theirs.close()
            self.workers[place] = Worker(pid, ours)
            return
        code = 1
        try:
            ours.close()
            self._in_child()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if self.stopping:  # SIGTERM came between the fork and the line before
                os._exit(0)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the supervisor ends them
            self._body(place, theirs)
            code = 0
        except BaseException as error:
            logs.report_end(error)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def close_in_child(self) -> None:
        """Close the channels of other workers, after a fork."""
        for each in self.workers.values():
            each.channel.close()

    def turn(self, others: Sequence[Watched], seconds: float) -> list[Watched]:
        """Wait for messages of workers, or for others; read the messages, and replace workers that ended.

        Returns:
            Which of the others are readable.

        Raises:
            ServeError: E703 where workers end before they are ready, and the error with which a worker cannot start.
        """
        channels = [each.channel for each in self.workers.values() if each.channel.open]
        readable = _readable([*channels, *others], seconds)
        for each in self.workers.values():
            if each.channel in readable:
                self._receive(each)
        self._reap()
        self.changed()
        return [each for each in readable if each in others]

    def _receive(self, worker: Worker) -> None:
        """Read the messages of a worker."""
        for message in worker.channel.receive():
            if message.get("ready"):
                worker.ready, self._failures = True, 0
                self._count_ready()
            elif "refused" in message:
                raise ServeError(**message["refused"])
            elif "id" in message:
                worker.answers[message["id"]] = message

    def ask(self, message: dict[str, Any], seconds: float) -> dict[int, dict[str, Any]]:
        """Send a message to every worker, wait for the answers, and return the errors by process.

        A worker that ends meanwhile, or does not answer in time, is replaced by one that has the state of this process.
        """
        number = self._next_number()
        asked = [each.pid for each in self.workers.values()]
        for each in self.workers.values():
            each.channel.send({**message, "id": number})
        until = time.monotonic() + seconds
        errors: dict[int, dict[str, Any]] = {}
        while asked:
            self.turn((), _WAIT)
            for each in list(self.workers.values()):
                answer = each.answers.pop(number, None)
                if answer is not None:
                    asked.remove(each.pid)
                    if answer["error"] is not None:
                        errors[each.pid] = answer["error"]
            alive = {each.pid for each in self.workers.values()}
            asked = [pid for pid in asked if pid in alive]
            if asked and time.monotonic() > until:
                for pid in asked:  # it is replaced
                    os.kill(pid, signal.SIGKILL)
        return errors

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def send(self, worker: Worker, message: dict[str, Any]) -> int:
        """Send a message to one worker; returns its number, under which the answer arrives."""
        number = self._next_number()
        worker.channel.send({**message, "id": number})
        return number

    def retire(self, place: int) -> None:
        """Let a worker end when its connections have ended; it is not replaced."""
        worker = self.workers[place]
        worker.draining = True
        self.send(worker, {"do": "retire"})
        self._count_ready()

    def end(self) -> None:
        """Ask the workers to end, and kill those that do not."""
        for each in self.workers.values():
            os.kill(each.pid, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        left = dict(self.workers)
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
        self.workers.clear()

    def _reap(self) -> None:
        """Replace workers that ended."""
        for place, each in list(self.workers.items()):
            pid, status = os.waitpid(each.pid, os.WNOHANG)
            if pid == 0:
                continue
            self._receive(each)  # it may have written why it ended
            each.channel.close()
            del self.workers[place]
            self._count_ready()
            if self.stopping or (each.draining and status == 0):
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
            code = os.waitstatus_to_exitcode(status)
            if each.draining:
                _log.warning("worker %d, which was ending, ended with status %d", pid, code)
                continue
            _log.warning("worker %d ended with status %d and is replaced", pid, code)
            self.start(place)

    def _count_ready(self) -> None:
        self._counters.ready = sum(each.ready and not each.draining for each in self.workers.values())


def _nothing() -> None:
    return None


def _readable(watched: Sequence[Watched], seconds: float) -> list[Watched]:
    """Which can be read, or are closed; waits until one is."""
    by_number = {each.fileno(): each for each in watched}
    poll = select.poll()  # select.select is limited to descriptors below 1024
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(seconds * 1000)]
