"""The counts of records as metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sealift.serve.family import Family, single
from sealift.serve.records.memory import RecordCounts

_COUNTERS = {
    "written": "Records in the store.",
    "dropped": "Records for which there was no room, in memory or on the disk.",
    "spilled": "Records that were put into files until the store takes them.",
    "lost": "Records that were damaged, or that the store did not take before the server ended.",
    "sampled_out": "Calls that were not recorded because `sample` is less than 1.",
}


def record_metrics(counts: Callable[[], RecordCounts]) -> Callable[[], Iterator[Family]]:
    """A source of metrics (`Service.metric_sources`) for the counts of a server's records."""

    def source() -> Iterator[Family]:
        now = counts()
        for name, text in _COUNTERS.items():
            yield single(f"sealift_records_{name}_total", "counter", text, getattr(now, name))
        yield single("sealift_records_waiting", "gauge", "Records in memory.", now.waiting)

    return source
