"""Child processes that answer frames, and what ends them; the programs are those of every Unix system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sealift.errors import LimitError, SealError
from sealift.runtime import child as module
from sealift.runtime.child import Child, ForkSafeLock, LostError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")

ECHO, SLEEPING = ("cat",), ("sleep", "8")
FILES = Path("/proc/self/fd")


@contextmanager
def started(*command: str, memory: int | None = None) -> Iterator[Child]:
    process = Child(command, memory=memory)
    try:
        yield process
    finally:
        process.close()


def waited(condition: Callable[[], bool]) -> bool:
    """Whether a condition holds within ten seconds."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def in_a_fork(act: Callable[[], bool]) -> bool:
    """What `act` returns in a forked process; False where it takes more than ten seconds."""
    pid = os.fork()
    if not pid:
        signal.alarm(10)
        try:
            os._exit(0 if act() else 1)
        finally:
            os._exit(2)
    return os.waitpid(pid, 0)[1] == 0


def test_frames_are_sent_and_received() -> None:
    with started(*ECHO) as process:
        assert process.usable
        for content in (b"", b"ab" * 40_000):
            header, body = process.ask({"op": "run", "size": len(content)}, [content])
            assert (header["op"], body) == ("run", content)
        assert os.getsid(process._process.pid) == process._process.pid != os.getsid(0)


def test_closing_ends_the_process() -> None:
    with started(*ECHO) as process:
        process.close()
        assert not process.usable
        assert process._process.returncode == -signal.SIGKILL
        with pytest.raises(SealError):
            process.ask({"op": "run"})
        process.close()


def test_a_program_that_is_missing() -> None:
    with pytest.raises(SealError, match="cannot be started: No such file or directory") as caught:
        Child(["/nowhere/program"])
    assert (caught.value.code, type(caught.value)) == ("E207", SealError)


@pytest.mark.parametrize("limit", ["seconds", "until"])
def test_an_answer_that_takes_too_long(limit: str) -> None:
    with started(*SLEEPING) as process:
        limits: dict[str, Any] = {"seconds": 0.2} if limit == "seconds" else {"until": time.monotonic() + 0.2}
        with pytest.raises(LimitError, match=r"did not answer within 0\.2 seconds") as caught:
            process.ask({"op": "run"}, **{"seconds": 0.2, **limits})
        assert caught.value.code == "E210"
        assert not process.usable
        assert waited(lambda: process._process.poll() is not None)


def test_a_process_that_takes_too_much_memory() -> None:
    with started(*SLEEPING, memory=100_000) as process:
        with pytest.raises(LimitError, match=r"took more than 0\.0001 GB of memory") as caught:
            process.ask({"op": "run"})
        assert caught.value.code == "E210"
        assert not process.usable


HOLDING = f"{sys.executable} -c 'held = bytes(1) * 60_000_000; import time; time.sleep(8)' & wait"


def test_memory_of_its_children_counts() -> None:
    with (
        started("sh", "-c", HOLDING, memory=40_000_000) as process,
        pytest.raises(LimitError, match=r"more than 0\.04 GB"),
    ):
        process.ask({"op": "run"}, seconds=7)


@pytest.mark.parametrize(
    ("program", "name", "killed"),
    [("exit 3", "exit code 3", False), ("kill -9 $$", "SIGKILL", True), ("kill -11 $$", "SIGSEGV", False)],
)
def test_a_process_that_ends_during_a_call(program: str, name: str, killed: bool) -> None:
    with started("sh", "-c", f"sleep 0.1; {program}") as process:
        with pytest.raises(LostError, match=rf"ended the process that ran it \({name}\)") as caught:
            process.ask({"op": "run"})
        assert (caught.value.code, caught.value.killed) == ("E207", killed)
        assert not process.usable


def test_an_answer_that_is_no_frame() -> None:
    with started("sh", "-c", "printf '%0100d' 1; sleep 8") as process:
        with pytest.raises(LostError, match="cannot be read"):
            process.ask({"op": "run"})
        assert not process.usable


def test_an_answer_that_is_too_large() -> None:
    with started(*ECHO) as process:
        assert process.ask({"op": "run"}, [b"1234"], largest=4)[1] == b"1234"
        with pytest.raises(LostError, match="cannot be read"):
            process.ask({"op": "run"}, [b"12345"], largest=4)


def test_the_watching_thread_sleeps_between_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK", 0.001)
    monkeypatch.setattr(module, "_IDLE", 3)
    with started(*ECHO) as process:
        watch = process._watch

        def watching() -> threading.Thread | None:
            return watch._thread

        assert watching() is None
        process.ask({"op": "run"})
        assert watching() is None  # there is no limit
        for _ in range(2):
            process.ask({"op": "run"}, seconds=60)
            thread = watching()
            assert thread is not None
            assert (thread.name, thread.daemon) == ("sealift-limits", True)
            assert waited(lambda: not watch._awake.is_set())
            assert thread.is_alive()
    assert waited(lambda: watching() not in threading.enumerate())


def test_a_lock_is_free_after_a_fork() -> None:
    lock = ForkSafeLock()

    def acquired() -> bool:
        with lock:
            return True

    with lock:
        assert in_a_fork(acquired)
        assert lock._lock.locked()
    assert not lock._lock.locked()


def test_a_forked_process_leaves_the_child_to_its_parent() -> None:
    def files_open() -> int:
        return sum(1 for _ in FILES.iterdir()) if FILES.exists() else 0

    with started(*ECHO) as process:
        before = files_open()

        def left() -> bool:
            unusable, same = not process.usable, files_open() == before
            process.close()
            return unusable and same

        assert in_a_fork(left)
        assert process.usable
        assert process.ask({"op": "run"}, [b"x"])[1] == b"x"


def test_without_process_groups_descendants_are_killed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    with subprocess.Popen(["sh", "-c", "sleep 8 & wait"]) as process:
        parent = psutil.Process(process.pid)
        assert waited(lambda: bool(parent.children()))
        (child,) = parent.children()
        monkeypatch.delattr(os, "killpg")
        module._kill(process)
        assert process.wait(5) == -signal.SIGKILL
        assert waited(lambda: not child.is_running())
        module._kill(process)  # which has ended
