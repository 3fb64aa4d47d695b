"""A child process that answers frames, and is killed when it exceeds a limit of time or memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sealift.errors import LimitError, SealError
from sealift.runtime import frames

TICK = 0.05
"""Seconds between two samples of a child's memory while it answers."""

_IDLE = 20  # samples without a call after which the watching thread sleeps until the next call
_FAMILY = 10  # every so many samples descendants are counted too; the system lists all processes for that
_UNTRUSTED = "Do not use a file of unknown origin. For a trusted one, allow more"

_children: weakref.WeakSet[Child] = weakref.WeakSet()


_locks: weakref.WeakSet[ForkSafeLock] = weakref.WeakSet()


class ForkSafeLock:
    """A lock that is free in a forked process, even if a thread of the parent held it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Replace the lock after a fork."""
        self._lock = threading.Lock()


class LostError(SealError):
    """The child ended during a call, and not because of a limit (E207).

    Attributes:
        killed: whether it was killed by SIGKILL, as the system does when memory runs out.
    """

    killed = False


class Child:
    """A process that answers one frame at a time.

    It has its own session and process group, so that an interrupt of the terminal or the notebook does not reach it. It
    is killed by `close`, when this object is garbage-collected, and when Python exits.
    """

    def __init__(self, command: Sequence[str], *, memory: int | None = None) -> None:
        """Start the process.

        Args:
            command: the program and its arguments.
            memory: the maximum of bytes held by it and its descendants.

        Raises:
            SealError: E207 when it cannot be started.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 -- our own programs
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # On Windows Ctrl-C must reach the child: only its end interrupts a read from its pipe.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise SealError(
                "E207",
                f"The process that runs the model cannot be started: {error.strerror or error}.",
                fix="Close other programs, or raise the limit of processes.",
            ) from error
        self._process = process
        self._watch = _Watch(process, memory)
        self._owner = os.getpid()
        self._lock = ForkSafeLock()
        self._finalizer = weakref.finalize(self, _end, process, self._watch, self._owner)
        _children.add(self)

    @property
    def usable(self) -> bool:
        """Whether it is running and was started by this process, not before a fork."""
        return self._finalizer.alive and self._owner == os.getpid() and self._process.poll() is None

    def ask(
        self,
        header: Mapping[str, Any],
        parts: Sequence[frames.Part] = (),
        *,
        seconds: float | None = None,
        until: float | None = None,
        largest: int | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Send a frame and read the answer. After an error the child is closed.

        Args:
            header: the header of the frame.
            parts: its contents.
            seconds: the time limit of the answer.
            until: the deadline of the answer by `time.monotonic`, in place of `seconds`.
            largest: the maximum size of the answer's contents in bytes.

        Raises:
            LimitError: E210 when it exceeds a limit of time or memory.
            LostError: E207 when the process ended, or its answer cannot be read.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._lock:
            try:
                self._watch.begin(seconds, until)
                frames.send(stdin, header, parts)
                return frames.receive(stdout, largest=largest)
            except (OSError, ValueError) as error:
                raise self._reason(seconds, error) from None
            except BaseException:
                # After an interrupt the rest of this answer would be read as the next one.
                self.close()
                raise
            finally:
                self._watch.end()

    def close(self) -> None:
        """Kill the process, unless it was started before a fork."""
        self._finalizer()

    def _reason(self, seconds: float | None, error: Exception) -> SealError:
        """The error for a call without an answer."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # its output closes before the process has ended
            self._process.wait(1.0)
        code = self._process.returncode
        self.close()
        if self._watch.exceeded == "time":
            return LimitError(
                "E210",
                f"The model did not answer within {seconds:g} seconds; its process was ended.",
                fix=f"{_UNTRUSTED} time (--seconds, Limits.seconds), or predict fewer rows at once.",
            )
        if self._watch.exceeded == "memory":
            return LimitError(
                "E210",
                f"The model took more than {(self._watch.memory or 0) / 1e9:g} GB of memory; its process was ended.",
                fix=f"{_UNTRUSTED} memory (--memory, Limits.memory), or predict fewer rows at once.",
            )
        if code is None:  # it is still running: its answer was not a frame, or too large
            return LostError(
                "E207",
                f"The answer of the process that runs the model cannot be read: {error}.",
                fix="Do not use a file of unknown origin. For a trusted one, predict fewer rows at once.",
            )
        lost = LostError(
            "E207",
            f"The model ended the process that ran it ({_name(code)}).",
            fix="Do not use a file of unknown origin. For a trusted one, update onnxruntime or pack the model again.",
        )
        lost.killed = code == -9
        return lost

    def _forget(self) -> None:
        """After a fork: release the parent's child, so that it ends with the process that started it."""
        self._finalizer.detach()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (self._process.stdin, self._process.stdout):
            # Not closed, because closing would send what is buffered.
            if stream is not None and not stream.closed:
                os.dup2(nothing, stream.fileno(), inheritable=False)
        os.close(nothing)


class _Watch:
    """A thread that kills a process whose answer takes too long or that holds too much memory.

    Where the system enforces the memory limit (`worker`), that takes effect first. The samples of this thread limit
    memory on every system, but a process can exceed the limit within `TICK`.
    """

    def __init__(self, process: subprocess.Popen[bytes], memory: int | None) -> None:
        self.exceeded: Literal["time", "memory"] | None = None
        self.memory = memory
        self._process = process
        self._deadline: float | None = None
        self._stopped = False
        self._awake = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float | None, until: float | None) -> None:
        """Start of a call, with its time limit or deadline."""
        if seconds is None and self.memory is None:
            return
        self._deadline = until or time.monotonic() + (float("inf") if seconds is None else seconds)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sealift-limits", daemon=True)
            self._thread.start()
        if not self._awake.is_set():
            self._awake.set()

    def end(self) -> None:
        """End of a call."""
        self._deadline = None

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._awake.set()

    def _run(self) -> None:
        idle = samples = 0
        while not self._stopped and self._process.poll() is None:
            deadline = self._deadline
            if deadline is None:
                idle += 1
                if idle > _IDLE:
                    idle = 0
                    self._awake.clear()
                    if self._deadline is None and not self._stopped:  # no call has begun meanwhile
                        self._awake.wait()
                    continue
                time.sleep(TICK)
                continue
            idle = 0
            samples += 1
            left = deadline - time.monotonic()
            if left <= 0:
                if self._deadline == deadline:
                    self._exceed("time")
                continue
            if self.memory is not None and _held(self._process.pid, samples % _FAMILY == 0) > self.memory:
                self._exceed("memory")
                continue
            time.sleep(min(TICK, left))

    def _exceed(self, what: Literal["time", "memory"]) -> None:
        self.exceeded = what
        _kill(self._process)
        self._stopped = True


def _held(pid: int, with_descendants: bool) -> int:
    """Bytes of memory held by a process, optionally with its descendants; 0 when it has ended."""
    import psutil

    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in [process, *(process.children(recursive=True) if with_descendants else [])]:
            with contextlib.suppress(psutil.Error):
                info = each.memory_info()
                # On Windows committed memory counts, because resident memory may be swapped out.
                total += max(info.rss, getattr(info, "private", 0))
    return total


def _end(process: subprocess.Popen[bytes], watch: _Watch, owner: int) -> None:
    if owner != os.getpid():
        return
    watch.stop()
    _kill(process)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):  # data that was not sent yet
                stream.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its descendants."""
    if process.poll() is not None:
        return
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
            return
    import psutil

    with contextlib.suppress(psutil.Error):
        for each in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                each.kill()
    with contextlib.suppress(OSError):
        process.kill()


def _name(code: int) -> str:
    """A signal's name, or an exit code."""
    with contextlib.suppress(ValueError):
        if code < 0:
            return signal.Signals(-code).name
    return f"exit code {code}"


def _after_fork() -> None:
    for lock in list(_locks):
        lock.renew()
    for child in list(_children):
        child._forget()
    _children.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
