"""Adds workers when those that there are cannot keep up, and ends those that are not needed."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping

from sealift.serve.counters import Counters
from sealift.serve.scaling import gauges
from sealift.serve.scaling.gauges import WorkerGauges, busy_seconds
from sealift.serve.scaling.policy import BUSY, Load, ScalingPolicy
from sealift.serve.scaling.settings import WorkerRange
from sealift.serve.worker_pool import WorkerPool

_SPREAD = 1.0
"""Seconds between two messages to workers that have more connections than others."""
_log = logging.getLogger(__name__)


def place_count(limits: WorkerRange) -> int:
    """The number of places: a worker that ends keeps its own while others are added."""
    return limits.most if limits.fixed else 2 * limits.most


class Scaler:
    """Changes the number of workers.

    Args:
        pool: the workers.
        limits: the minimum and the maximum.
        counters: the counts of requests.
        shared: the numbers of the workers.
    """

    def __init__(self, pool: WorkerPool, limits: WorkerRange, counters: Counters, shared: WorkerGauges) -> None:
        self._pool, self._limits = pool, limits
        self._counters, self._shared = counters, shared
        self._policy = ScalingPolicy(limits)
        self._places = place_count(limits)
        self._busy: dict[int, float] = {}  # process → the value of `busy_seconds`
        self._looked = time.monotonic()
        self._requests = 0.0
        self._spread_at = -_SPREAD

    @property
    def empty(self) -> bool:
        """Whether no worker accepts connections, or will without being started."""
        return all(each.draining for each in self._pool.workers.values())

    def start(self) -> None:
        """Start the first workers; at least one, which proves that workers can answer."""
        for _ in range(max(1, self._limits.least)):
            self.add()

    def add(self) -> bool:
        """Start a worker; False where all places are taken by workers that are ending."""
        free = [place for place in range(self._places) if place not in self._pool.workers]
        if not free:
            return False
        self._shared.clear(free[0])
        self._pool.start(free[0])
        return True

    def tick(self) -> None:
        """Look at the load, and add or end workers."""
        workers = {place: each for place, each in self._pool.workers.items() if not each.draining}
        shares = self._shares()
        load = self._load(shares)
        numbers = self._shared.supervisor
        numbers[gauges.WORKERS] = len(workers)
        numbers[gauges.DRAINING] = len(self._pool.workers) - len(workers)
        numbers[gauges.BUSY] = round(1000 * load.busy / len(workers)) if workers else 0
        if self._limits.fixed or not all(each.ready for each in workers.values()):
            return
        wanted = self._policy.wanted(time.monotonic(), len(workers), load)
        for _ in range(wanted - len(workers)):
            if self.add():
                numbers[gauges.ADDED] += 1
        if wanted < len(workers):
            place = max(workers)
            numbers[gauges.REMOVED] += 1
            _log.info("worker %d is not needed and ends when its connections have ended", workers[place].pid)
            self._pool.retire(place)
        elif wanted == len(workers):
            self._spread(shares)

    def _spread(self, shares: Mapping[int, float]) -> None:
        """Let overloaded workers close connections after their next answers, if they have more than their share.

        A connection belongs to the worker that accepted it, so that a worker that was added would otherwise get none
        of the clients that are connected already.
        """
        now = time.monotonic()
        if now - self._spread_at < _SPREAD:
            return
        open_ = {place: self._shared.of(place)[gauges.CONNECTIONS] for place in shares}
        share = sum(open_.values()) / max(1, len(open_))
        for place, count in open_.items():
            if shares[place] >= BUSY and count > 1.25 * share + 1:
                self._spread_at = now
                message = {"do": "shed", "connections": math.ceil(count - share)}
                self._pool.send(self._pool.workers[place], message)

    def _load(self, shares: Mapping[int, float]) -> Load:
        requests = self._counters.requests
        waiting = self._shared.total(gauges.WAITING)
        active = requests != self._requests or waiting > 0 or self._shared.total(gauges.COMPUTING) > 0
        self._requests = requests
        return Load(sum(shares.values()), waiting, active)

    def _shares(self) -> Mapping[int, float]:
        """For each worker that is not ending, the share of the time since the last look for which it was busy."""
        now = time.monotonic()
        seconds = max(now - self._looked, 1e-3)
        self._looked = now
        known, self._busy = self._busy, {}
        shares = {}
        for place, each in self._pool.workers.items():
            if not each.draining:
                self._busy[each.pid] = total = busy_seconds(each.pid)
                shares[place] = min(1.0, (total - known.get(each.pid, total)) / seconds)
        return shares
