"""Run tests on mutants, each in a forked process.

Two processes fork: one that has imported the libraries and collected the tests, where changed functions and constants
are put in place of the loaded ones; and one that has imported the libraries only, which imports the changed file and
collects again. The latter is for what else is computed when a module is imported. In both the changed file stands on
disk, in a copy of the repository, so that the processes that tests start see it too.
"""

from __future__ import annotations

import contextlib
import gc
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

import pytest
from _pytest.runner import runtestprotocol

from bench.mutation.swap import Live, live_functions, swap_constants, swap_functions

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_MEMORY = 6 << 30
_FAULT, _NOT_SWAPPED = "fault: ", "not swapped"


@dataclass(frozen=True)
class Trial:
    """One mutant and the tests that it is given to, in their order; the first failure ends it."""

    path: str
    source: str
    mutated: str
    tests: Sequence[str]
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    Attributes:
        status: "killed", "timeout" or "survived".
        test: the test that failed.
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


def in_fork(act: Callable[[int], None], seconds: float, scratch: Path) -> Outcome:
    """Call `act` in a forked process, which writes the name of a failed test to a descriptor, and end its children."""
    started = time.monotonic()
    scratch.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
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
    status, ended = "survived", 0
    try:
        while (waited := os.waitpid(child, os.WNOHANG))[0] == 0:
            if time.monotonic() - started > seconds:
                status = "timeout"
                break
            time.sleep(0.01)
        ended = waited[1]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if status == "timeout":
            os.waitpid(child, 0)
        os.set_blocking(reading, False)
        try:
            test = os.read(reading, 4096).decode(errors="replace")
        except BlockingIOError:
            test = ""
        os.close(reading)
        shutil.rmtree(scratch, ignore_errors=True)
    if test.startswith(_FAULT):
        raise RuntimeError(test)
    if ended and not test:
        test = f"the process ended with {ended}"
    if test and status == "survived":
        status = "killed"
    return Outcome(status, test, round(time.monotonic() - started, 2))


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
        chosen = [items[test] for test in trial.tests if test in items]

        def act(writing: int) -> None:
            if not swap_functions(live, file, trial.source, trial.mutated) and not swap_constants(file, trial.mutated):
                os.write(writing, _NOT_SWAPPED.encode())
                return
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                reports = runtestprotocol(item, nextitem=following, log=False)
                if any(report.failed for report in reports):
                    os.write(writing, item.nodeid.encode()[:4000])
                    return

        with on_disk(file, trial.mutated):
            outcome = in_fork(act, trial.seconds, self._root.parent / "scratch")
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
        first = _FirstFailure()
        ended: Any = pytest.main([*OPTIONS, *trial.tests], plugins=[first])
        if ended != 0:
            os.write(writing, (first.test or f"pytest ended with {ended}").encode()[:4000])

    with on_disk(root / trial.path, trial.mutated):
        return in_fork(act, trial.seconds, root.parent / "scratch")
