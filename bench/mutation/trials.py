"""Run tests on mutants, each in a forked process.

Two processes fork: one that has imported the libraries and collected the tests, where changed functions and constants
are put in place of the loaded ones; and one that has imported the libraries only, which imports the changed file and
collects again. The latter is for what else is computed when a module is imported. In both the changed file stands on
disk, in a copy of the repository, so that the processes that tests start see it too.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import math
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from _pytest.runner import runtestprotocol

from bench.mutation.swap import Live, live_functions, swap_constants, swap_functions

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_MEMORY, _PIPE = 6 << 30, 1 << 20
_LOADING = 60
"""Seconds of processor time in which a process has imported a module anew, and collected tests."""
_STALLED = 40.0
"""A trial ends if its processes use no processor time for so many seconds. Few tests wait as long for anything."""
_FAULT, _NOT_SWAPPED, _BEGUN = "fault: ", "not swapped", "begun: "


@dataclass(frozen=True)
class Trial:
    """One mutant and the tests that it is given to, in their order; the first failure ends it.

    Attributes:
        path: the file.
        source: its text.
        mutated: its text with the change.
        tests: the names of the tests.
        seconds: how much processor time each of them took when it was measured, or somewhat more.
    """

    path: str
    source: str
    mutated: str
    tests: Sequence[str]
    seconds: Sequence[float]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    Attributes:
        status: "killed", "timeout" or "survived".
        test: the test that failed, or the one that was running when the time was over.
        seconds: how long it took.
    """

    status: str
    test: str
    seconds: float


@contextlib.contextmanager
def on_disk(file: Path, mutated: str) -> Iterator[None]:
    """The changed file in place of the other; with a time of its own, since bytecode is kept by time and size."""
    original, times = file.read_bytes(), file.stat()
    file.write_text(mutated, encoding="utf-8")
    os.utime(file, ns=(times.st_atime_ns, time.time_ns() + 10**12))
    try:
        yield
    finally:
        file.write_bytes(original)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def in_fork(act: Callable[[int], None], scratch: Path) -> Outcome:
    """Call `act` in a forked process and end its children.

    It writes lines to a descriptor: the names of the tests that it begins, and then that of one that failed.
    """
    started = time.monotonic()
    scratch.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
    child = os.fork()
    if not child:
        os.setsid()
        os.environ["PYTEST_DEBUG_TEMPROOT"] = os.environ["TMPDIR"] = str(scratch)
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        try:
            act(writing)
        except BaseException as error:  # not of a test, whose errors pytest catches
            os.write(writing, f"{_FAULT}{error!r:.500}".encode())
        os._exit(0)
    os.close(writing)
    try:
        ended = _ended(child)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.set_blocking(reading, False)
        try:
            written = os.read(reading, _PIPE).decode(errors="replace").splitlines() or [""]
        except BlockingIOError:
            written = [""]
        os.close(reading)
        shutil.rmtree(scratch, ignore_errors=True)
    seconds = round(time.monotonic() - started, 2)
    last = written[-1]
    if last.startswith(_FAULT):
        raise RuntimeError(last)
    if ended is None or (os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGXCPU):
        return Outcome("timeout", last.removeprefix(_BEGUN), seconds)
    if ended:
        return Outcome("killed", last.removeprefix(_BEGUN) or f"the process ended with {ended}", seconds)
    failed = last and not last.startswith(_BEGUN)
    return Outcome("killed" if failed else "survived", last if failed else "", seconds)


def _ended(child: int) -> int | None:
    """How the process ended; None if it was ended because it waited.

    Processor time is counted and not the time of the day, since other programs may use the processors meanwhile.
    """
    used, since, look = -1.0, time.monotonic(), time.monotonic() + 1
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.01)
        if time.monotonic() < look:
            continue
        look = time.monotonic() + 1
        if (now := _processor_time(child)) > used:
            used, since = now, time.monotonic()
        elif time.monotonic() - since > _STALLED:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None


def _processor_time(child: int) -> float:
    """Of a process and its descendants, those included that have ended."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(child)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


def _allow(seconds: float) -> None:
    """End this process by SIGXCPU when it has used so many further seconds of processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime + seconds), hard))


class Collected:
    """A plugin for pytest that answers trials in place of running the tests that it collected."""

    def __init__(self, trials: Connection, root: Path) -> None:
        self._trials, self._root = trials, root

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer until the connection ends."""
        items = {item.nodeid: item for item in session.items}
        live = live_functions(self._root / "src")
        gc.collect()
        gc.freeze()
        self._trials.send(len(items))
        with contextlib.suppress(EOFError):
            while True:
                self._trials.send(self._outcome(self._trials.recv(), items, live))
        os._exit(0)

    def _outcome(self, trial: Trial, items: dict[str, pytest.Item], live: Live) -> Outcome | None:
        file = self._root / trial.path
        chosen = [
            (items[test], seconds) for test, seconds in zip(trial.tests, trial.seconds, strict=True) if test in items
        ]

        def act(writing: int) -> None:
            if not swap_functions(live, file, trial.source, trial.mutated) and not swap_constants(file, trial.mutated):
                os.write(writing, _NOT_SWAPPED.encode())
                return
            following = [*(item for item, _ in chosen[1:]), None]
            for (item, seconds), other in zip(chosen, following, strict=True):
                _allow(5 + 3 * seconds)
                os.write(writing, f"{_BEGUN}{item.nodeid}\n".encode(errors="replace"))
                reports = runtestprotocol(item, nextitem=other, log=False)
                if any(report.failed for report in reports):
                    os.write(writing, item.nodeid.encode(errors="replace"))
                    return

        with on_disk(file, trial.mutated):
            outcome = in_fork(act, self._root.parent / "scratch")
        return None if outcome.test == _NOT_SWAPPED else outcome


class _FirstFailure:
    """A plugin that notes the first test that fails."""

    def __init__(self) -> None:
        self.test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.test:
            self.test = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.test:
            self.test = report.nodeid


OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist")


def _enter(root: Path) -> None:
    """Work in the copy of the repository, without output."""
    os.chdir(root)
    sys.path.insert(0, str(root / "src"))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    silent = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silent, descriptor)


def collected(trials: Connection, others_end: Connection, root: Path, paths: Sequence[str]) -> None:
    """The program of the process that has collected the tests; runs in a fork, and ends with the one it came from."""
    others_end.close()
    _enter(root)
    pytest.main([*OPTIONS, *paths], plugins=[Collected(trials, root)])
    os._exit(1)


def imported_anew(trial: Trial, root: Path) -> Outcome:
    """The outcome of a mutant that is imported from its file; this process must not have imported the package."""

    def act(writing: int) -> None:
        _enter(root)
        _allow(_LOADING + 3 * sum(trial.seconds))
        first = _FirstFailure()
        ended: Any = pytest.main([*OPTIONS, *trial.tests], plugins=[first])
        if ended != 0:
            os.write(writing, (first.test or f"pytest ended with {ended}").encode()[:4000])

    with on_disk(root / trial.path, trial.mutated):
        return in_fork(act, root.parent / "scratch")
