"""`GET /metrics`: the counts of all workers in the text format of Prometheus, version 0.0.4.

The names of Triton Inference Server (`nv_inference_…`) and of KServe (`request_predict_seconds`) are given too, so that
dashboards made for them show these models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sealift.serve.counters import RequestCounts
from sealift.serve.families import families, histogram, labels, series_of
from sealift.serve.family import Family, Histogram
from sealift.serve.service import Service

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OF_TRITON: tuple[tuple[str, str, Callable[[RequestCounts], float]], ...] = (
    ("nv_inference_request_success", "Requests that were answered.", lambda c: c.ok),
    ("nv_inference_request_failure", "Requests that were not answered.", lambda c: c.refused + c.failed),
    ("nv_inference_count", "Rows that were answered.", lambda c: c.rows),
    ("nv_inference_exec_count", "Computations; one for several requests where rows are joined.", lambda c: c.runs),
    ("nv_inference_request_duration_us", "The sum of the times of the requests.", lambda c: c.seconds * 1e6),
)


def metrics(service: Service) -> bytes:
    """The metrics of a server; only those of this process where no other process shares its counters."""
    return "".join(f"{line}\n" for line in _lines(service)).encode()


def _lines(service: Service) -> Iterator[str]:
    for family in families(service):
        yield from _written(family)
    if service.counters is not None:
        yield from _of_others(service)


def _of_others(service: Service) -> Iterator[str]:
    """The names of Triton Inference Server and KServe."""
    series = series_of(service)
    text = "The time from the complete request to its response."
    samples = [({"model_name": name, "version": version}, histogram(counts)) for name, version, counts in series]
    yield from _written(Family("request_predict_seconds", "histogram", text, samples))
    for metric, text, value in _OF_TRITON:
        counted = [(labels(name, version), value(counts)) for name, version, counts in series]
        yield from _written(Family(metric, "counter", text, counted))


def _written(family: Family) -> Iterator[str]:
    name = family.name
    yield f"# HELP {name} {family.text}"
    yield f"# TYPE {name} {family.kind}"
    for of_sample, value in family.samples:
        if isinstance(value, Histogram):
            yield from _histogram(name, of_sample, value)
        else:
            yield _sample(name, of_sample, value)


def _histogram(metric: str, of_sample: Mapping[str, str], value: Histogram) -> Iterator[str]:
    total = 0.0
    for bound, count in zip((*value.bounds, None), value.buckets, strict=True):
        total += count
        yield _sample(f"{metric}_bucket", {**of_sample, "le": "+Inf" if bound is None else f"{bound:g}"}, total)
    yield _sample(f"{metric}_sum", of_sample, value.sum)
    yield _sample(f"{metric}_count", of_sample, total)


def _sample(metric: str, of_sample: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in of_sample.items())
    return f"{metric}{{{inside}}} {value!r}" if inside else f"{metric} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
