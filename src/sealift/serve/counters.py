"""Counts of requests in memory that all processes of a server share.

Each worker adds to counters of its own, so no lock is needed; a reader adds up those of all workers. A worker that was
killed leaves its counts, and the worker in its place adds to them.
"""

from __future__ import annotations

import bisect
import mmap
from collections.abc import Sequence
from dataclasses import dataclass

from sealift.serve.answered import Joined
from sealift.serve.calls import Call, Observer

BOUNDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""Upper bounds of the buckets of latencies, in seconds; one more bucket has no bound."""
SERIES = 256
"""Versions of models that a server can have had since its start; further ones share the last counters."""

_OK, _REFUSED, _FAILED, _ROWS, _BAD_ROWS, _SECONDS, _RUNS = range(7)
_FIRST_BUCKET = 7
_WIDTH = _FIRST_BUCKET + len(BOUNDS) + 1


@dataclass(frozen=True)
class RequestCounts:
    """What was counted.

    Attributes:
        ok: requests that were answered, also those with problems in some rows.
        refused: requests that were refused because of what was in them (status 400 to 499).
        failed: requests that failed (status 500 and more).
        rows: answered rows.
        bad_rows: rows with a problem.
        seconds: the sum of the latencies of all requests.
        runs: computations; fewer than requests where rows of several requests are computed at once.
        buckets: the number of requests in each bucket of latencies.
    """

    ok: float = 0.0
    refused: float = 0.0
    failed: float = 0.0
    rows: float = 0.0
    bad_rows: float = 0.0
    seconds: float = 0.0
    runs: float = 0.0
    buckets: tuple[float, ...] = (0.0,) * (len(BOUNDS) + 1)

    @property
    def requests(self) -> float:
        """All requests."""
        return self.ok + self.refused + self.failed

    def __add__(self, other: RequestCounts) -> RequestCounts:
        """The counts of both."""
        return self._combined(other, 1.0)

    def __sub__(self, earlier: RequestCounts) -> RequestCounts:
        """The counts since an earlier time."""
        return self._combined(earlier, -1.0)

    def _combined(self, other: RequestCounts, sign: float) -> RequestCounts:
        return RequestCounts(
            self.ok + sign * other.ok,
            self.refused + sign * other.refused,
            self.failed + sign * other.failed,
            self.rows + sign * other.rows,
            self.bad_rows + sign * other.bad_rows,
            self.seconds + sign * other.seconds,
            self.runs + sign * other.runs,
            tuple(a + sign * b for a, b in zip(self.buckets, other.buckets, strict=True)),
        )

    def quantile(self, share: float) -> float:
        """An upper bound of the latency in seconds that this share of the requests does not exceed; NaN without any."""
        total, before = sum(self.buckets), 0.0
        for count, bound in zip(self.buckets, (*BOUNDS, float("inf")), strict=True):
            before += count
            if total and before >= share * total:
                return bound
        return float("nan")


class Counters:
    """The counters of all workers. Make it before the workers are started.

    Attributes:
        slots: the number of workers.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._workers = slots * SERIES * _WIDTH
        self._memory = mmap.mmap(-1, (self._workers + 2) * 8)
        self._view = memoryview(self._memory).cast("d")

    @property
    def ready(self) -> int:
        """The number of workers that answer requests. Only the supervisor sets it."""
        return int(self._view[self._workers])

    @ready.setter
    def ready(self, count: int) -> None:
        self._view[self._workers] = count

    @property
    def replaced(self) -> int:
        """The number of workers that ended unasked since the start. Only the supervisor sets it."""
        return int(self._view[self._workers + 1])

    @replaced.setter
    def replaced(self, count: int) -> None:
        self._view[self._workers + 1] = count

    @property
    def requests(self) -> float:
        """The number of requests of all series."""
        counted = self._view[: self._workers]
        return float(sum(sum(counted[first::_WIDTH].tolist()) for first in (_OK, _REFUSED, _FAILED)))

    def writer(self, slot: int) -> CounterWriter:
        """The counters of the worker in a slot."""
        start = slot * SERIES * _WIDTH
        return CounterWriter(self._view[start : start + SERIES * _WIDTH])

    def read(self, series: int) -> RequestCounts:
        """The counts of one series over all workers."""
        total = [0.0] * _WIDTH
        for slot in range(self.slots):
            start = (slot * SERIES + series) * _WIDTH
            for i, value in enumerate(self._view[start : start + _WIDTH].tolist()):
                total[i] += value
        return _counts(total)


class CounterWriter(Observer):
    """Counts the calls of one worker."""

    def __init__(self, view: memoryview[float]) -> None:
        self._view = view

    def observe(self, call: Call) -> None:
        """Count a call."""
        view, at = self._view, call.model.series * _WIDTH
        status = call.status
        view[at + (_OK if status < 400 else _REFUSED if status < 500 else _FAILED)] += 1
        view[at + _RUNS] += len(call.answered)
        for answered in call.answered:
            batch = answered.batch
            bad = len({problem.row for problem in batch.problems}) if batch.problems else 0
            view[at + _ROWS] += len(batch.good) - bad
            if bad:
                view[at + _BAD_ROWS] += bad
        view[at + _SECONDS] += call.seconds
        view[at + _FIRST_BUCKET + bisect.bisect_left(BOUNDS, call.seconds)] += 1

    def observe_joined(self, calls: Sequence[Call], joined: Joined) -> None:  # noqa: ARG002 -- each has one row
        """Count calls."""
        view, at = self._view, calls[0].model.series * _WIDTH
        count = len(calls)
        view[at + _OK] += count
        view[at + _ROWS] += count
        view[at + _RUNS] += 1
        total, first = 0.0, at + _FIRST_BUCKET
        for call in calls:
            seconds = call.seconds
            total += seconds
            view[first + bisect.bisect_left(BOUNDS, seconds)] += 1
        view[at + _SECONDS] += total


def _counts(values: Sequence[float]) -> RequestCounts:
    ok, refused, failed, rows, bad_rows, seconds, runs = values[:_FIRST_BUCKET]
    return RequestCounts(ok, refused, failed, rows, bad_rows, seconds, runs, tuple(values[_FIRST_BUCKET:]))
