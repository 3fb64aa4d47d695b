"""`GET /metrics`: the counts of all workers in the text format of Prometheus, version 0.0.4.

The names of Triton Inference Server (`nv_inference_…`) and of KServe (`request_predict_seconds`) are given too, so that
dashboards made for them show these models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sealift.serve.counters import BOUNDS, RequestCounts
from sealift.serve.service import Service
from sealift.version import __version__

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OF_TRITON: tuple[tuple[str, str, Callable[[RequestCounts], float]], ...] = (
    ("nv_inference_request_success", "Requests that were answered.", lambda c: c.ok),
    ("nv_inference_request_failure", "Requests that were not answered.", lambda c: c.refused + c.failed),
    ("nv_inference_count", "Rows that were answered.", lambda c: c.rows),
    ("nv_inference_exec_count", "Requests that were computed.", lambda c: c.ok),
    ("nv_inference_request_duration_us", "The sum of the times of the requests.", lambda c: c.seconds * 1e6),
)


def metrics(service: Service) -> bytes:
    """The metrics of a server; those of this process alone where no other process shares its counters."""
    return "".join(f"{line}\n" for line in _lines(service)).encode()


def _lines(service: Service) -> Iterator[str]:
    yield from _head("sealift_build_info", "gauge", "The version of the server.")
    yield _sample("sealift_build_info", {"version": __version__}, 1)
    plane = service.plane
    yield from _head("sealift_model_ready", "gauge", "Whether a version reproduced its examples in this worker.")
    for model in plane.models():
        yield _sample("sealift_model_ready", _labels(model.name, model.version), int(model.ready))
    yield from _head("sealift_model_share", "gauge", "The share of the requests that a version gets.")
    for route in plane.routes.values():
        for version in route.versions:
            yield _sample("sealift_model_share", _labels(route.name, version), route.split.weights.get(version, 0.0))
    counters = service.counters
    if counters is None:
        return
    yield from _head("sealift_workers_ready", "gauge", "The number of workers that answer requests.")
    yield _sample("sealift_workers_ready", {}, counters.ready)
    yield from _head("sealift_workers_replaced_total", "counter", "Workers that ended unasked and were replaced.")
    yield _sample("sealift_workers_replaced_total", {}, counters.replaced)
    yield from _counted([(name, version, counters.read(series)) for (name, version), series in service.series.items()])


def _counted(series: Sequence[tuple[str, str, RequestCounts]]) -> Iterator[str]:
    yield from _head("sealift_requests_total", "counter", "Requests to a version, by their result.")
    for name, version, counts in series:
        for result in ("ok", "refused", "failed"):
            labels = _labels(name, version) | {"result": result}
            yield _sample("sealift_requests_total", labels, getattr(counts, result))
    yield from _head("sealift_rows_total", "counter", "Rows that a version answered, or that had a problem.")
    for name, version, counts in series:
        yield _sample("sealift_rows_total", _labels(name, version) | {"result": "ok"}, counts.rows)
        yield _sample("sealift_rows_total", _labels(name, version) | {"result": "refused"}, counts.bad_rows)
    for metric, label in (("sealift_request_seconds", "model"), ("request_predict_seconds", "model_name")):
        yield from _head(metric, "histogram", "The time from the complete request to its response.")
        for name, version, counts in series:
            yield from _histogram(metric, {label: name, "version": version}, counts)
    for metric, text, value in _OF_TRITON:
        yield from _head(metric, "counter", text)
        for name, version, counts in series:
            yield _sample(metric, _labels(name, version), value(counts))


def _histogram(metric: str, labels: Mapping[str, str], counts: RequestCounts) -> Iterator[str]:
    total = 0.0
    for bound, count in zip((*BOUNDS, None), counts.buckets, strict=True):
        total += count
        yield _sample(f"{metric}_bucket", {**labels, "le": "+Inf" if bound is None else f"{bound:g}"}, total)
    yield _sample(f"{metric}_sum", labels, counts.seconds)
    yield _sample(f"{metric}_count", labels, total)


def _labels(name: str, version: str) -> dict[str, str]:
    return {"model": name, "version": version}


def _head(metric: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP {metric} {text}", f"# TYPE {metric} {kind}"


def _sample(metric: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{metric}{{{inside}}} {value!r}" if inside else f"{metric} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
