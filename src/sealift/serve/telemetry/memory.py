"""What the processes of a server share for telemetry: a ring of spans for each worker, the metrics, and counts."""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Iterator, Sequence

from sealift.serve.family import Family, Histogram, single
from sealift.serve.ring import DamagedRingError, Ring
from sealift.serve.telemetry.spans import DROPPED

_METRICS = 8 << 20
_EXPORTED, _FAILED, _STOP = (8 * at for at in range(3))
_WORDS = 32
_MOST = 256 << 10


class TelemetryMemory:
    """The shared memory. Make it before the fork.

    Args:
        places: the number of workers.
        size: bytes of a worker's ring.

    Attributes:
        rings: the ring of each worker by its place.
    """

    def __init__(self, places: int, size: int) -> None:
        self.rings = [Ring(size) for _ in range(places)]
        self._metrics = Ring(_METRICS)
        self._words = memoryview(mmap.mmap(-1, 8 * _WORDS)).cast("Q")

    def publish(self, families: Sequence[Family]) -> None:
        """Hand over the metrics; nothing where former ones were not taken. Called by the supervisor."""
        if not self._metrics.used:
            self._metrics.put(json.dumps([[*family[:3], list(family.samples)] for family in families]).encode())

    def taken_metrics(self) -> list[Family] | None:
        """The metrics that were handed over last; None without any."""
        messages = _taken(self._metrics)
        if not messages:
            return None
        return [
            Family(name, kind, text, [(labels, Histogram(*v) if isinstance(v, list) else v) for labels, v in samples])
            for name, kind, text, samples in json.loads(messages[-1])
        ]

    def taken_spans(self) -> list[bytes]:
        """Messages of all rings, some of each."""
        return [message for ring in self.rings for message in _taken(ring)]

    def count(self, *, exported: int = 0, failed: int = 0) -> None:
        """Count calls whose spans were exported, or could not be."""
        self._words[_EXPORTED] += exported
        self._words[_FAILED] += failed

    def stop(self) -> None:
        """Ask the exporter to end."""
        self._words[_STOP] = 1

    @property
    def stopping(self) -> bool:
        """Whether the exporter is to end."""
        return bool(self._words[_STOP])

    def source(self) -> Callable[[], Iterator[Family]]:
        """The counts as metrics (`Service.metric_sources`)."""

        def families() -> Iterator[Family]:
            dropped = sum(ring.words[DROPPED] for ring in self.rings)
            for name, text, value in (
                ("exported", "Calls whose spans were exported.", self._words[_EXPORTED]),
                ("failed", "Calls whose spans the collector did not take.", self._words[_FAILED]),
                ("dropped", "Calls for whose spans there was no room in memory.", dropped),
            ):
                yield single(f"sealift_telemetry_calls_{name}_total", "counter", text, value)

        return families


def _taken(ring: Ring) -> list[bytes]:
    try:
        messages, position = ring.read(ring.tail, _MOST)
    except DamagedRingError:
        ring.skip()
        return []
    ring.release(position, len(messages))
    return messages
