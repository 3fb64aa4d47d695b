"""The spans of a call as bytes in shared memory, and the observer of a worker that writes them."""

from __future__ import annotations

import random
import threading
from typing import NamedTuple

from sealift.optional import need
from sealift.serve.calls import Call, Observer
from sealift.serve.ring import Ring

_packing = need("msgspec", "serve", "Telemetry").msgpack
DROPPED = 0
"""The word of a ring with the number of calls for whose spans there was no room."""
_MOST_PARTS = 16


class SpanRecord(NamedTuple):
    """What is exported of a call; it has no values of rows.

    Attributes:
        trace_id, parent_id, span_id: as `TraceContext`.
        begun: the beginning, in seconds since 1970.
        seconds: the duration.
        status: the HTTP status of the response.
        error: the code of an error, or empty.
        route, model, version, identity: what answered.
        rows, problems: numbers of rows.
        engine: for rows that were computed together, when that began and ended, in seconds from the beginning.
    """

    trace_id: str
    parent_id: str
    span_id: str
    begun: float
    seconds: float
    status: int
    error: str
    route: str
    model: str
    version: str
    identity: str
    rows: int
    problems: int
    engine: list[tuple[float, float]]


_encode = _packing.encode
decode = _packing.Decoder(SpanRecord).decode
"""The record of a message. Raises ValueError."""


class SpanObserver(Observer):
    """Writes the spans of the calls of one worker; those for which there is no room are counted.

    Args:
        ring: the ring of the worker.
        sample: the fraction of the traces that begin here.
    """

    def __init__(self, ring: Ring, sample: float) -> None:
        self._ring, self._sample = ring, sample
        self._lock = threading.Lock()

    def observe(self, call: Call) -> None:
        """Write a call. It never waits."""
        trace = call.trace
        sampled = trace.sampled
        if sampled is False or (sampled is None and self._sample < 1.0 and random.random() >= self._sample):  # noqa: S311
            return
        clock, served = call.clock, call.model
        message = _encode(
            SpanRecord(
                trace.trace_id,
                trace.parent_id,
                trace.span_id,
                call.begun,
                call.seconds,
                call.status,
                call.error,
                call.route,
                served.name,
                served.version,
                served.model.identity,
                sum(len(each.batch) for each in call.answered),
                sum(len(each.problems) for each in call.answered),
                [
                    (each.engine[0] - clock, each.engine[1] - clock)
                    for each in call.answered[:_MOST_PARTS]
                    if each.engine is not None
                ],
            )
        )
        with self._lock:
            if not self._ring.put(message):
                self._ring.words[DROPPED] += 1
