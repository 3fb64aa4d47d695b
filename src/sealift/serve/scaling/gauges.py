"""Numbers of each worker, apart from counts of requests to models, in memory that all processes of a server share."""

from __future__ import annotations

import mmap
from pathlib import Path

WAITING, COMPUTING, CONNECTIONS, OVERLOADED, LATE, LOADS = range(6)
"""Requests that wait for a thread; that are computed in one; open connections; requests that were refused because of
the queue, and because their deadline had passed; models that were loaded because of a request."""
CALLERS = {"E760": 6, "E761": 7, "E762": 8, "E763": 9, "E767": 10}
"""Requests that were refused because of their callers, by the code of the error."""
_WIDTH = 16
_PROCESS = 8
WORKERS, DRAINING, ADDED, REMOVED, BUSY, UNLOADED = range(6)
"""Of the supervisor: workers that accept connections; that end when their connections have; that were added and removed
since the start because of the load; the average share of the time for which workers work, in thousandths; models that
were unloaded."""


class WorkerGauges:
    """The numbers. Make it before the workers are started.

    Args:
        places: the number of places for workers.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._memory = mmap.mmap(-1, (_PROCESS + places * _WIDTH) * 8)
        self._view = memoryview(self._memory).cast("q")
        self.supervisor = self._view[:_PROCESS]

    def of(self, place: int) -> memoryview[int]:
        """The numbers of one worker, which it may write."""
        start = _PROCESS + place * _WIDTH
        return self._view[start : start + _WIDTH]

    def total(self, gauge: int) -> int:
        """The sum over all workers."""
        return sum(self._view[_PROCESS + gauge :: _WIDTH].tolist())

    def clear(self, place: int) -> None:
        """Forget the momentary numbers of a worker that ended."""
        mine = self.of(place)
        mine[WAITING] = mine[COMPUTING] = mine[CONNECTIONS] = 0


def unshared() -> memoryview[int]:
    """The numbers of a process that shares them with no other."""
    return memoryview(bytearray(_WIDTH * 8)).cast("q")


def busy_seconds(pid: int) -> float:
    """The time for which the main thread of a process worked, or waited for a processor; 0 where it is not known.

    A worker on a processor that others use too is busy although it works little, so both times count (Linux,
    Documentation/scheduler/sched-stats).
    """
    try:
        worked, waited, _ = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0.0
    return (int(worked) + int(waited)) / 1e9
