"""When workers are added and removed, from how busy they were.

A worker is added after the workers were overloaded for half a second, and removed after one less would have sufficed
for the whole time `idle`; the thresholds are apart, so that the number does not oscillate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sealift.serve.scaling.settings import WorkerRange

BUSY = 0.75
"""The share of the time for which the workers work, on average, from which on they are overloaded."""
QUIET = 0.45
"""The share that the remaining workers would have, below which a worker is unnecessary."""
GROW_AFTER = 0.5
"""Seconds of overload before a worker is added."""


@dataclass(frozen=True)
class Load:
    """What the workers did since the last look.

    Attributes:
        busy: the sum over the workers of the share of the time for which each of them worked or waited for a processor.
        waiting: requests that wait for a thread.
        active: whether requests to models were answered, or are being answered.
    """

    busy: float
    waiting: int
    active: bool


class ScalingPolicy:
    """Decides on the number of workers. Times are in seconds by any clock that only advances.

    Args:
        limits: the minimum and the maximum.
    """

    def __init__(self, limits: WorkerRange) -> None:
        self._limits = limits
        self._overloaded_since = math.inf
        self._quiet_since = math.inf

    def wanted(self, now: float, workers: int, load: Load) -> int:
        """The number of workers that there should be, given how many there are."""
        limits = self._limits
        if workers < limits.least:
            return limits.least
        if not self._overloaded(workers, load):
            self._overloaded_since = math.inf
        else:
            self._overloaded_since = min(self._overloaded_since, now)
        if not self._unnecessary(workers, load):
            self._quiet_since = math.inf
        else:
            self._quiet_since = min(self._quiet_since, now)
        if now - self._overloaded_since >= GROW_AFTER and workers < limits.most:
            self._overloaded_since = math.inf
            # A large burst is met sooner when the number grows by a share of itself.
            return min(limits.most, workers + max(1, workers // 2))
        if now - self._quiet_since >= limits.idle and workers > limits.least:
            self._quiet_since = math.inf
            return workers - 1
        return workers

    @staticmethod
    def _overloaded(workers: int, load: Load) -> bool:
        return bool(workers) and (load.busy / workers >= BUSY or load.waiting >= workers)

    @staticmethod
    def _unnecessary(workers: int, load: Load) -> bool:
        if workers <= 1:
            return not load.active
        return load.waiting == 0 and load.busy / (workers - 1) < QUIET
