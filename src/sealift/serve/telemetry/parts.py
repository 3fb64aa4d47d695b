"""What telemetry adds to a server: the shared memory, an observer in each worker, and the exporter's process."""

from __future__ import annotations

import logging
import os
import select
import time

from sealift.errors import ServeError
from sealift.serve.families import families
from sealift.serve.service import Service
from sealift.serve.telemetry.memory import TelemetryMemory
from sealift.serve.telemetry.otlp import OtlpExport
from sealift.serve.telemetry.settings import TelemetrySettings
from sealift.serve.telemetry.spans import SpanObserver, decode

_log = logging.getLogger(__name__)
_PAUSE = 0.2
"""Seconds between two looks at the rings."""
_ALARM = 60.0
"""Seconds between two messages that exports fail."""
_LAST = 8.0
"""Seconds at the end of the server in which what is left is exported."""


class Telemetry:
    """The telemetry of one server. It is made before the fork, and is a `Helper`.

    Args:
        settings: where to export to.
        places: the number of workers.
    """

    name = "exporter of telemetry"

    def __init__(self, settings: TelemetrySettings, places: int) -> None:
        self._settings = settings
        self.memory = TelemetryMemory(places, settings.memory)
        self._due = 0.0
        self._next_alarm = 0.0

    def observer(self, place: int) -> SpanObserver:
        """The observer of a worker."""
        return SpanObserver(self.memory.rings[place], self._settings.sample)

    def tick(self, service: Service, *, last: bool = False) -> None:
        """Hand the metrics over to the exporter when they are due. Called by the supervisor."""
        now = time.monotonic()
        if last or now >= self._due:
            self._due = now + self._settings.interval
            self.memory.publish(list(families(service)))

    def run(self, alive: int) -> int:
        """Export until the server ends: the helper process."""
        export = OtlpExport(self._settings)
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # failures are reported here
        until: float | None = None
        while True:
            if until is None and (self.memory.stopping or select.select([alive], [], [], 0)[0]):
                until = time.monotonic() + _LAST
            busy = self._export(export)
            if until is not None and (not busy or time.monotonic() > until):
                return 0
            if not busy:
                select.select([alive] if until is None else [], [], [], _PAUSE)

    def stop(self) -> None:
        """Ask the exporter to end; no worker is left."""
        self.memory.stop()

    def _export(self, export: OtlpExport) -> bool:
        """Export what is there; whether there was something."""
        metrics, messages = self.memory.taken_metrics(), self.memory.taken_spans()
        if metrics is not None and not export.export_metrics(metrics):
            self._alarm()
        if messages:
            records = []
            for message in messages:
                try:
                    records.append(decode(message))
                except ValueError:  # a worker was killed while it wrote
                    self.memory.count(failed=1)
            done = export.export_calls(records)
            self.memory.count(exported=len(records) if done else 0, failed=0 if done else len(records))
            if not done:
                self._alarm()
        return bool(messages) or metrics is not None

    def _alarm(self) -> None:
        now = time.monotonic()
        if now >= self._next_alarm:
            self._next_alarm = now + _ALARM
            _log.warning("the collector at %s does not take telemetry", self._settings.otlp)


def check(settings: TelemetrySettings) -> None:
    """Raise an error where nothing could be exported: MissingExtraError E405; ServeError E779 without fork."""
    if not hasattr(os, "fork"):
        raise ServeError(
            "E779", "Telemetry is exported by a process of its own, which this system cannot fork.", fix="Use Linux."
        )
    OtlpExport(settings)
