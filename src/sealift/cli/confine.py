"""Run a command in a child process with limits of time and memory, because the file's graph may be hostile.

The parent holds nothing of the file. It waits, forwards signals, ends a child that takes too long, removes what a
killed child left half-written, and reports it as a coded error. Where the system cannot fork (Windows), the command
runs in the process itself, without limits.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Literal

from sealift import files
from sealift.errors import SealError, SealiftError

GRACE = 3.0
"""Seconds that a child has to end after a signal, before it is killed."""

_WAIT = 0.5

LOAD_SECONDS, PIECE_SECONDS = 120.0, 600.0
"""How long a file may take to load and to answer its own examples; and how long one piece of a table may take."""

_PER_BYTE = 60.0 / 100e6
_COMMANDS = ("verify", "predict")
_GIB = 1 << 30
_NUMBER = struct.Struct("<d")

_pipe: int | None = None  # in the child: where it says what it does


def wanted(arguments: Sequence[str]) -> bool:
    """Whether this command runs the graph of a file, and the system can confine it."""
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    return command in _COMMANDS and hasattr(os, "fork")


def supervise(command: Callable[[], None]) -> int | SealiftError:
    """Run `command` in a child process; its exit code, or why it was ended."""
    told, tell = os.pipe()
    alive, hold = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        os.close(hold)
        _in_child(command, tell, alive)
    os.close(tell)
    os.close(alive)
    try:
        return _Parent(child, told).wait()
    finally:
        os.close(told)
        os.close(hold)


@contextlib.contextmanager
def limited(seconds: float, memory: int) -> Iterator[None]:
    """Run the block with at most `memory` bytes; the parent ends the process when it takes more than `seconds`.

    Without a parent nothing is limited.
    """
    if _pipe is None:
        yield
        return
    _limit_memory(memory)
    _say(b"b", _NUMBER.pack(seconds))
    try:
        yield
    finally:
        _say(b"e")


def size_of(file: Path) -> int:
    """The size of a file in bytes; 0 where it cannot be told."""
    try:
        return file.stat().st_size
    except (OSError, ValueError):
        return 0


def memory_for(size: int, gigabytes: float | None) -> int:
    """Bytes for a file of `size` bytes: `gigabytes`, or half of what there is, but enough to load the file."""
    if gigabytes is not None:
        return int(gigabytes * 1e9)
    return max(_physical() // 2, _GIB + 8 * size)


def seconds_for(size: int, seconds: float | None) -> float:
    """How long a file of `size` bytes may take to load and to answer its examples."""
    return LOAD_SECONDS + size * _PER_BYTE if seconds is None else seconds


def _physical() -> int:
    """The memory of the machine, or of its control group where that has less."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for place in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            found = min(found, int(Path(place).read_text(encoding="ascii")))
    return found


def _limit_memory(most: int) -> None:
    import resource

    # What the process writes to, on Linux; the whole address space holds reserved areas as well, which cost nothing.
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    with contextlib.suppress(OSError, ValueError):  # not everywhere can it be set
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _in_child(command: Callable[[], None], tell: int, alive: int) -> None:
    global _pipe  # noqa: PLW0603 -- the process has one parent
    _pipe = tell
    code = 1
    try:
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the rows
        files.listeners.append(lambda path: _say(b"p", os.fsencode(path.absolute())))
        threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
        command()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)  # ends when the parent does
    os.kill(os.getpid(), signal.SIGKILL)


def _say(kind: bytes, content: bytes = b"") -> None:
    if _pipe is not None:
        with contextlib.suppress(OSError):
            os.write(_pipe, kind + struct.pack("<H", len(content)) + content)


class _Parent:
    def __init__(self, child: int, told: int) -> None:
        self._child, self._told = child, told
        self._deadline: float | None = None
        self._seconds = 0.0
        self._parts: list[Path] = []
        self._buffer = b""
        self._asked: int | None = None  # the signal after which the child is to end
        self._repeat = float("inf")  # when to send it again
        self._ended: Literal["time", "signal"] | None = None

    def wait(self) -> int | SealiftError:
        numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
        before = {number: signal.signal(number, self._pass_on) for number in numbers}
        try:
            while self._listen():
                pass
            _, status = os.waitpid(self._child, 0)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return code
        for part in self._parts:
            part.unlink(missing_ok=True)
        return self._outcome(-code)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        del frame
        now = time.monotonic()
        if self._asked is None:
            self._asked = number
            self._deadline = min(self._deadline or float("inf"), now + GRACE)
            # Ctrl-C reaches the child by itself; twice would interrupt its cleaning up.
            self._repeat = now + (_WAIT if number == signal.SIGINT else 0.0)

    def _listen(self) -> bool:
        """Wait for the next message or the deadline; whether the child may have more to say."""
        until = min(self._deadline or float("inf"), self._repeat, time.monotonic() + 1.0)
        ready, _, _ = select.select([self._told], [], [], max(0.0, until - time.monotonic()))
        if ready:
            data = os.read(self._told, 1 << 16)
            if not data:
                return False
            self._buffer += data
            self._read()
        if self._asked is not None and time.monotonic() >= self._repeat:
            self._repeat = float("inf")
            self._kill(self._asked)
        if self._deadline is not None and time.monotonic() >= self._deadline and self._ended is None:
            self._ended = "time" if self._asked is None else "signal"
            self._kill(signal.SIGKILL)
        return True

    def _kill(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, number)

    def _read(self) -> None:
        while len(self._buffer) >= 3:
            size = struct.unpack("<H", self._buffer[1:3])[0]
            if len(self._buffer) < 3 + size:
                return
            kind, content = self._buffer[:1], self._buffer[3 : 3 + size]
            self._buffer = self._buffer[3 + size :]
            if kind == b"p":
                self._parts = [*(part for part in self._parts if part.exists()), Path(os.fsdecode(content))]
            elif self._asked is None:
                self._seconds = _NUMBER.unpack(content)[0] if kind == b"b" else 0.0
                self._deadline = time.monotonic() + self._seconds if kind == b"b" else None

    def _outcome(self, number: int) -> int | SealiftError:
        name = signal.Signals(number).name
        if self._ended == "time":
            return SealError(
                "E210",
                f"The model did not answer within {self._seconds:g} seconds; its process was ended.",
                fix="Do not use a file of unknown origin; give --seconds if you know that its model takes longer.",
            )
        if self._ended == "signal":
            print("\nstopped; nothing half-written was left behind", file=sys.stderr)
        if self._ended == "signal" or number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            return 128 + (self._asked or number)
        if number == signal.SIGKILL:
            return SealError(
                "E210",
                "The process that ran the model was killed, as systems do when memory runs out.",
                fix="Do not use a file of unknown origin; else use a machine with more memory, or give fewer rows.",
            )
        return SealError(
            "E207",
            f"The model ended the process that ran it ({name}).",
            fix="Do not use a file of unknown origin; else update onnxruntime, or pack the model again.",
        )
