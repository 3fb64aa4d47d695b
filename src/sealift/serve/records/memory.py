"""What the processes of a server share for records: a ring for each worker, and the counts."""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
import select
import time
from dataclasses import dataclass

from sealift.serve.processes import is_running
from sealift.serve.ring import Ring

# Words of a ring (`Ring.words`), which its worker writes.
PID, DROPPED, SPILLED, SAMPLED_OUT = range(4)
# Words of the writer.
_WRITTEN, _LOST, _BEAT, _STOP, _ASLEEP, _FAILING = (8 * at for at in range(6))
_WORDS = 64


@dataclass(frozen=True)
class RecordCounts:
    """Numbers of records since the server was started.

    Attributes:
        written: those in the store.
        waiting: those in the rings.
        dropped: those for which there was no room, in memory or on the disk.
        spilled: those that were put into files until the store takes them; they are counted by `written` too, then.
        lost: those that were in memory when the server ended and that the store did not take, or that were damaged.
        sampled_out: those that were not recorded because `sample` is less than 1.
    """

    written: int
    waiting: int
    dropped: int
    spilled: int
    lost: int
    sampled_out: int


class RecordMemory:
    """The shared memory. It is made before the fork.

    Attributes:
        run: a name for this run of the server.
        rings: the ring of each worker by its place.
    """

    def __init__(self, places: int, size: int) -> None:
        self.run = secrets.token_hex(8)
        self.rings = [Ring(size) for _ in range(places)]
        self._eighth = size // 8
        self._memory = mmap.mmap(-1, 8 * _WORDS)
        self._words = memoryview(self._memory).cast("Q")
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    # For the workers.

    def attach(self, place: int) -> None:
        """Note that this process puts records into a ring."""
        self.rings[place].words[PID] = os.getpid()

    def wake_if_full(self, ring: Ring) -> None:
        """Wake the writer where an eighth of a ring is full."""
        if self._words[_ASLEEP] and ring.used >= self._eighth:
            self._words[_ASLEEP] = 0
            with contextlib.suppress(OSError):  # the pipe is full: the writer is awake
                os.write(self._writing, b"\0")

    def draining(self, seconds: float) -> bool:
        """Whether the writer has looked at the rings within so many seconds and the store takes records."""
        return not self._words[_FAILING] and time.monotonic_ns() - self._words[_BEAT] < seconds * 1e9

    # For the writer.

    def wait(self, seconds: float, alive: int | None, *, until_full: bool) -> bool:
        """Wait so long, or until the parent ends, or until an eighth of a ring is full; whether that is the reason.

        Args:
            seconds: how long.
            alive: a descriptor that reaches its end when the parent has ended.
            until_full: whether to be woken by the workers.
        """
        if until_full:
            self._words[_ASLEEP] = 1
            if any(ring.used >= self._eighth for ring in self.rings):
                seconds = 0.0
        if os.name == "nt":  # which waits for sockets only
            time.sleep(min(seconds, 0.05))
        else:
            watched = [self._reading] if alive is None else [self._reading, alive]
            if self._reading in select.select(watched, [], [], max(seconds, 0.0))[0]:
                with contextlib.suppress(OSError):
                    os.read(self._reading, 1 << 12)
        self._words[_ASLEEP] = 0
        return any(ring.used >= self._eighth for ring in self.rings)

    def beat(self, *, failing: bool) -> None:
        """Note that the writer works, and whether the store fails."""
        self._words[_FAILING] = failing
        self._words[_BEAT] = time.monotonic_ns()

    def written(self, count: int) -> None:
        """Count records that are in the store."""
        self._words[_WRITTEN] += count

    def set_written(self, count: int) -> None:
        """Set their number to what the store has."""
        self._words[_WRITTEN] = count

    def lost(self, count: int) -> None:
        """Count records that are lost."""
        self._words[_LOST] += count

    @property
    def stopping(self) -> bool:
        """Whether the writer is to end when the rings are empty."""
        return bool(self._words[_STOP])

    def producers_alive(self) -> bool:
        """Whether a process that puts records is there."""
        return any(is_running(pid) for ring in self.rings if (pid := ring.words[PID]))

    # For the supervisor.

    def stop(self) -> None:
        """Ask the writer to end: no process puts records any more."""
        self._words[_STOP] = 1
        with contextlib.suppress(OSError):
            os.write(self._writing, b"\0")

    def counts(self) -> RecordCounts:
        """What was counted so far."""
        words = [ring.words for ring in self.rings]
        return RecordCounts(
            written=self._words[_WRITTEN],
            waiting=sum(ring.put_count - ring.taken_count for ring in self.rings),
            dropped=sum(each[DROPPED] for each in words),
            spilled=sum(each[SPILLED] for each in words),
            lost=self._words[_LOST],
            sampled_out=sum(each[SAMPLED_OUT] for each in words),
        )
