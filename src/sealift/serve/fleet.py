"""The versions that the supervisor and its workers have loaded, and which of them answer."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from sealift.errors import ServeError
from sealift.runtime import load
from sealift.serve.counters import SERIES, Counters, RequestCounts
from sealift.serve.helpers import Helper
from sealift.serve.opening import Opened, load_signed, open_version, route_of
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.traffic.kept import kept_path, part_of, place
from sealift.serve.traffic.shadow import Shadow, ShadowMemory
from sealift.serve.traffic.state import Traffic, Version
from sealift.serve.worker_pool import WorkerPool

_log = logging.getLogger(__name__)
_PREPARE = 300.0
"""Seconds that a worker may take to load a version."""


class WorkerFleet:
    """The `Fleet` of `Operations`: changes the supervisor's own models, and those of the workers by messages.

    Args:
        service: the models.
        opened: the same models, as they were opened.
        counters: the counts of requests.
        pool: the workers.
        shadow: the shared memory of shadows.
        folder: the folder of the state.
        add_helper: starts another helper process.

    Attributes:
        stock: the versions that are loaded in this process, by the name of the model and the version.
    """

    def __init__(
        self,
        service: Service,
        opened: Opened,
        counters: Counters,
        pool: WorkerPool,
        shadow: ShadowMemory,
        folder: Path,
        add_helper: Callable[[Helper], None],
    ) -> None:
        self._service, self._counters, self._pool = service, counters, pool
        self._keys = opened.keys
        self._shadow, self._folder, self._add_helper = shadow, folder, add_helper
        self._idle, self._joining = opened.idle, opened.joining
        self._shadowing = False
        self._series: dict[tuple[str, str], int] = {}  # by the name of the model and the identity
        self.stock: dict[tuple[str, str], ServedModel] = {}
        for model in service.plane.models():
            model.series = self._series_of(model.name, model.version, model.identity)
            self.stock[model.name, model.version] = model
            if model.unloads:
                self._keep(model, opened.traffic[model.name].versions[model.version])

    def inspect(self, file: Path) -> tuple[str, Version]:
        """The name in a sealed file, and its version."""
        model = load(file)
        return model.name, Version(model.version, model.identity, str(file))

    def prepare(self, name: str, version: Version) -> None:
        """Load a version here, for workers to come, and in every worker."""
        key = (name, version.version)
        known = self.stock.get(key)
        if known is None or known.identity != version.identity:
            served = open_version(name, version, self._keys.get(name))
            served.series = self._series_of(name, version.version, version.identity)
            served.unloads = name in self._idle
            self._joining.apply(served)
        else:
            served = known
        message = {"do": "prepare", "name": name, "version": vars(version), "series": served.series}
        message |= {"unloads": served.unloads, "join": [served.joins, self._joining.parallel]}
        key_file = self._keys.get(name)
        message["key"] = None if key_file is None else str(key_file)
        self.stock[key] = served  # before the workers are asked: those that start meanwhile have it from here
        errors = list(self._pool.ask(message, _PREPARE).values())
        if errors:
            if known is None:
                del self.stock[key]
            raise ServeError("E703", errors[0]["what"], where=errors[0]["where"], fix=errors[0]["fix"])

    def apply(self, traffic: Traffic) -> None:
        """Let every worker answer as `traffic` says."""
        for key in [key for key in self.stock if key[0] == traffic.name and key[1] not in traffic.versions]:
            del self.stock[key]
        self.route(traffic)
        for pid, error in self._pool.ask({"do": "apply", "traffic": traffic.as_dict()}, _PREPARE).items():
            _log.error("worker %d cannot change its models and is replaced: %s", pid, error["what"])
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def counts(self, name: str, version: str) -> RequestCounts:
        """The counts of a version since it was loaded."""
        served = self.stock.get((name, version))
        return RequestCounts() if served is None else self._counters.read(served.series)

    def disagreement(self, name: str, version: str) -> tuple[float, float] | None:
        """The number of rows with another answer than the live version's, and of compared rows."""
        served = self.stock.get((name, version))
        differing, rows = (0.0, 0.0) if served is None else self._shadow.compared(served.series)
        return (differing, rows) if rows else None

    def route(self, traffic: Traffic) -> None:
        """Let this process, and workers that are started later, answer as `traffic` says."""
        versions = {version: self.stock[traffic.name, version] for version in traffic.versions}
        self._service.plane.set_route(route_of(traffic, versions))
        if traffic.shadows and not self._shadowing:
            self._shadowing = True
            self._add_helper(Shadow(self._shadow, self.stock, self._folder / "shadow.json"))

    def _keep(self, served: ServedModel, version: Version) -> None:
        """Let a model be loaded again from a copy: its file may be replaced before that."""
        path = kept_path(self._folder, served.identity)
        if not path.exists():
            place(part_of(self._folder, Path(version.file)), served.identity)
        served.source = partial(load_signed, path, self._keys.get(served.name))

    def _series_of(self, name: str, version: str, identity: str) -> int:
        series = self._series.setdefault((name, identity), min(len(self._series), SERIES - 1))
        self._service.series = {**self._service.series, (name, version): series}
        return series
