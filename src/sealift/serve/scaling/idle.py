"""Unloads models that get no requests, in the supervisor and in every worker."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from sealift.serve.counters import Counters
from sealift.serve.scaling import gauges
from sealift.serve.scaling.gauges import WorkerGauges
from sealift.serve.scaling.memory import return_memory
from sealift.serve.served import ServedModel
from sealift.serve.worker_pool import WorkerPool

_log = logging.getLogger(__name__)


class IdleModels:
    """Looks for models without requests.

    Args:
        limits: for each model that may be unloaded, the seconds without a request after which it is.
        stock: the versions of this process.
        pool: the workers.
        counters: the counts of requests.
        shared: the numbers of the workers.
    """

    def __init__(
        self,
        limits: Mapping[str, float],
        stock: Mapping[tuple[str, str], ServedModel],
        pool: WorkerPool,
        counters: Counters,
        shared: WorkerGauges,
    ) -> None:
        self._limits, self._stock, self._pool = limits, stock, pool
        self._counters, self._shared = counters, shared
        self._seen: dict[str, tuple[float, float]] = {}  # name → what was counted, and when that last changed
        self._unloaded: set[str] = set()

    def tick(self) -> None:
        """Unload the models whose time has come."""
        now = time.monotonic()
        loads = self._shared.total(gauges.LOADS)  # a load that is not answered yet counts, too
        for name, seconds in self._limits.items():
            versions = [served for (of, _), served in self._stock.items() if of == name]
            counted = loads + sum(self._counters.read(served.series).requests for served in versions)
            known = self._seen.get(name)
            if known is None or known[0] != counted:
                self._seen[name] = counted, now
                self._unloaded.discard(name)
            elif now - known[1] >= seconds and name not in self._unloaded:
                self._unload(name, versions)

    def _unload(self, name: str, versions: list[ServedModel]) -> None:
        _log.info("the model %s had no requests and is unloaded", name)
        self._unloaded.add(name)
        self._shared.supervisor[gauges.UNLOADED] += 1
        for worker in self._pool.workers.values():
            self._pool.send(worker, {"do": "unload", "name": name})
        for served in versions:
            served.unload()
        return_memory()
