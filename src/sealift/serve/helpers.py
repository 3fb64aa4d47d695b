"""Processes beside the workers, such as the writer of records: started before the workers and ended after them."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from sealift.serve import logs

_log = logging.getLogger(__name__)
_GRACE = 15.0
"""Seconds after which a helper that was asked to end is killed."""
_STARTS = 3
"""Starts of a helper at the end of the server, where it is killed again and again."""
_PAUSE = 1.0
"""Seconds between two starts of one helper."""


class Helper(Protocol):
    """What a process does.

    Attributes:
        name: for messages.
    """

    name: str

    def run(self, alive: int, /) -> int:
        """Work until `stop` was called, or until the server has ended otherwise; returns the exit code.

        Args:
            alive: a descriptor that reaches its end when the supervisor has ended, however that happens.
        """
        ...

    def stop(self) -> None:
        """Ask the process to end. Called by the supervisor, when no worker is left."""
        ...


class Helpers:
    """The processes of helpers.

    Args:
        helpers: what they do.
        alive: the descriptor for them.
        in_child: called in each process; closes what belongs to the supervisor.
    """

    def __init__(self, helpers: Sequence[Helper], alive: int, in_child: Callable[[], None]) -> None:
        self._helpers = list(helpers)
        self._alive, self._in_child = alive, in_child
        self._pids: dict[int, int] = {}  # the index of the helper → its process
        self._started: dict[int, float] = {}

    def add(self, helper: Helper) -> None:
        """Add a helper; the next call of `start` or `reap` starts it."""
        self._helpers.append(helper)

    def start(self) -> None:
        """Start those that do not run; one that ended is started again a second after its last start."""
        now = time.monotonic()
        for at in range(len(self._helpers)):
            if at not in self._pids and now - self._started.get(at, -_PAUSE) >= _PAUSE:
                self._fork(at)

    def reap(self) -> None:
        """Replace those that ended."""
        for at, pid in list(self._pids.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._pids[at]
                code = os.waitstatus_to_exitcode(status)
                _log.warning("the %s (%d) ended with status %d and is replaced", self._helpers[at].name, pid, code)
        self.start()

    def end(self) -> None:
        """Ask all to end, and kill those that do not. One that was killed is started again: it may have left work."""
        for helper in self._helpers:
            helper.stop()
        until = time.monotonic() + _GRACE
        left = dict.fromkeys(range(len(self._helpers)), _STARTS)
        while left:
            for at in list(left):
                if at not in self._pids:
                    left[at] -= 1
                    self._fork(at)
                ended, status = os.waitpid(self._pids[at], os.WNOHANG)
                if ended:
                    del self._pids[at]
                    if os.WIFEXITED(status) or not left[at]:
                        del left[at]
            if left and time.monotonic() > until:
                for at, pid in self._pids.items():
                    _log.error("the %s (%d) does not end and is killed", self._helpers[at].name, pid)
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                return
            time.sleep(0.005)

    def _fork(self, at: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._started[at] = time.monotonic()
        pid = os.fork()
        if pid:
            self._pids[at] = pid
            return
        code = 1
        try:
            # Signals to the whole group (Ctrl-C, a service manager) must not end it before the workers.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            self._in_child()
            logs.identify(process=self._helpers[at].name)
            code = self._helpers[at].run(self._alive)
        except BaseException as error:
            logs.report_end(error)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
