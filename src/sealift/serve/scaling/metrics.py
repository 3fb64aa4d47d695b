"""The numbers of workers and of waiting requests as metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sealift.serve.family import Family, single
from sealift.serve.scaling import gauges
from sealift.serve.scaling.gauges import WorkerGauges

_REASONS = {"E760": "missing", "E761": "invalid", "E762": "forbidden", "E763": "rate", "E767": "issuer"}
"""The code of the error → why a caller was refused."""


def worker_metrics(shared: WorkerGauges) -> Callable[[], Iterator[Family]]:
    """A source of metrics (`Service.metric_sources`)."""

    def source() -> Iterator[Family]:
        numbers = shared.supervisor
        yield single("sealift_workers", "gauge", "Workers that are not ending.", numbers[gauges.WORKERS])
        text = "Workers that end when their connections have ended."
        yield single("sealift_workers_draining", "gauge", text, numbers[gauges.DRAINING])
        text = "Workers that were added because of the load."
        yield single("sealift_workers_added_total", "counter", text, numbers[gauges.ADDED])
        text = "Workers that were ended because they were not needed."
        yield single("sealift_workers_removed_total", "counter", text, numbers[gauges.REMOVED])
        text = "The average share of the time for which the workers work or wait for a processor."
        yield single("sealift_workers_busy", "gauge", text, numbers[gauges.BUSY] / 1000)
        text = "Requests that wait for a thread."
        yield single("sealift_requests_waiting", "gauge", text, shared.total(gauges.WAITING))
        text = "Requests that are computed in a thread."
        yield single("sealift_requests_computing", "gauge", text, shared.total(gauges.COMPUTING))
        text = "Models that a worker loaded again because of a request."
        yield single("sealift_model_loads_total", "counter", text, shared.total(gauges.LOADS))
        text = "Models that were unloaded in all workers because they had no requests."
        yield single("sealift_model_unloads_total", "counter", text, numbers[gauges.UNLOADED])
        yield Family(
            "sealift_requests_shed_total",
            "counter",
            "Requests that were not computed, because of a full queue or because their deadline had passed.",
            [
                ({"reason": "overload"}, shared.total(gauges.OVERLOADED)),
                ({"reason": "deadline"}, shared.total(gauges.LATE)),
            ],
        )
        yield Family(
            "sealift_callers_refused_total",
            "counter",
            "Requests that were refused because of their callers.",
            [({"reason": _REASONS[code]}, shared.total(gauge)) for code, gauge in gauges.CALLERS.items()],
        )

    return source
