"""The metrics of a server as families of samples, for `GET /metrics` and for the export over OTLP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from sealift.serve.counters import BOUNDS, RequestCounts
from sealift.serve.family import Family, Histogram, single
from sealift.serve.service import Service
from sealift.version import __version__

Series: TypeAlias = Sequence[tuple[str, str, RequestCounts]]
"""The name of a model, its version, and the counts."""


def families(service: Service) -> Iterator[Family]:
    """The metrics of a server; those of this process where no other process shares its counters."""
    yield Family("sealift_build_info", "gauge", "The version of the server.", [({"version": __version__}, 1)])
    plane = service.plane
    yield Family(
        "sealift_model_ready",
        "gauge",
        "Whether a version reproduced its examples in this worker.",
        [(labels(model.name, model.version), int(model.ready)) for model in plane.models()],
    )
    yield Family(
        "sealift_model_loaded",
        "gauge",
        "Whether a version is in the memory of this worker.",
        [(labels(model.name, model.version), int(model.loaded)) for model in plane.models()],
    )
    yield Family(
        "sealift_model_share",
        "gauge",
        "The share of the requests that a version gets.",
        [
            (labels(route.name, version), route.split.weights.get(version, 0.0))
            for route in plane.routes.values()
            for version in route.versions
        ],
    )
    for source in service.metric_sources:
        yield from source()
    counters = service.counters
    if counters is None:
        return
    yield single("sealift_workers_ready", "gauge", "The number of workers that answer requests.", counters.ready)
    text = "Workers that ended unasked and were replaced."
    yield single("sealift_workers_replaced_total", "counter", text, counters.replaced)
    yield from _of_requests(series_of(service))


def series_of(service: Service) -> Series:
    """The counts of each version; none where the process has no counters."""
    counters = service.counters
    if counters is None:
        return ()
    return [(name, version, counters.read(series)) for (name, version), series in service.series.items()]


def labels(name: str, version: str) -> dict[str, str]:
    """The labels of a version of a model."""
    return {"model": name, "version": version}


def histogram(counts: RequestCounts) -> Histogram:
    """The histogram of the latencies."""
    return Histogram(BOUNDS, counts.buckets, counts.seconds)


def _of_requests(series: Series) -> Iterator[Family]:
    yield Family(
        "sealift_requests_total",
        "counter",
        "Requests to a version, by their result.",
        [
            (labels(name, version) | {"result": result}, getattr(counts, result))
            for name, version, counts in series
            for result in ("ok", "refused", "failed")
        ],
    )
    yield Family(
        "sealift_rows_total",
        "counter",
        "Rows that a version answered, or that had a problem.",
        [
            (labels(name, version) | {"result": result}, value)
            for name, version, counts in series
            for result, value in (("ok", counts.rows), ("refused", counts.bad_rows))
        ],
    )
    yield Family(
        "sealift_request_seconds",
        "histogram",
        "The time from the complete request to its response.",
        [(labels(name, version), histogram(counts)) for name, version, counts in series],
    )
