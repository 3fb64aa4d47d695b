"""The queue of a worker's threads."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.errors import ServeError
from sealift.serve.http.messages import RequestLimits
from sealift.serve.http.queue import RequestQueue
from sealift.serve.scaling.gauges import COMPUTING, LATE, OVERLOADED, WAITING, unshared
from sealift.serve.urgency import NORMAL, Urgency, urgency_of

HIGH, LOW = Urgency(0), Urgency(2)
LIMITS = RequestLimits(queue=4, threads=1)


class Stopped:
    """A queue with one thread, which computes nothing until `go`."""

    def __init__(self, limits: RequestLimits = LIMITS) -> None:
        self.gauges = unshared()
        self.queue = RequestQueue(limits, self.gauges)
        self.computed: list[Any] = []
        self._gate = threading.Event()
        self._first = self.queue.submit(self._gate.wait)

    def submit(self, name: Any, urgency: Urgency = NORMAL) -> asyncio.Future[None]:
        return self.queue.submit(self.computed.append, name, urgency=urgency)

    async def go(self) -> None:
        self._gate.set()
        await self._first
        while len(self.queue):
            await asyncio.sleep(0.001)
        self.queue.close()


def run(test: Callable[[], Any]) -> None:
    asyncio.run(test())


async def code(work: asyncio.Future[Any]) -> str:
    with pytest.raises(ServeError) as raised:
        await work
    return raised.value.code


def test_requests_of_higher_priority_are_computed_first() -> None:
    async def test() -> None:
        stopped = Stopped()
        work = [stopped.submit("low", LOW), stopped.submit("normal"), stopped.submit("high", HIGH)]
        assert (stopped.gauges[WAITING], stopped.gauges[COMPUTING]) == (3, 1)
        await stopped.go()
        await asyncio.gather(*work)
        assert stopped.computed == ["high", "normal", "low"]
        assert (stopped.gauges[WAITING], stopped.gauges[COMPUTING]) == (0, 0)

    run(test)


def test_a_full_queue_refuses_the_latest_request_of_the_lowest_priority() -> None:
    async def test() -> None:
        stopped = Stopped()
        first, second, normal = stopped.submit("low 1", LOW), stopped.submit("low 2", LOW), stopped.submit("normal")
        high = stopped.submit("high 1", HIGH)
        assert await code(second) == "E713"
        other = stopped.submit("high 2", HIGH)
        assert await code(first) == "E713"
        last = stopped.submit("high 3", HIGH)
        assert await code(normal) == "E713"
        with pytest.raises(ServeError, match="E713"):
            stopped.submit("high 4", HIGH)
        with pytest.raises(ServeError, match="E713"):
            stopped.submit("low 3", LOW)
        assert stopped.gauges[OVERLOADED] == 5
        await stopped.go()
        await asyncio.gather(high, other, last)
        assert stopped.computed == ["high 1", "high 2", "high 3"]

    run(test)


def test_a_request_is_refused_at_its_deadline_and_never_computed() -> None:
    async def test() -> None:
        stopped = Stopped()
        work = stopped.submit("late", Urgency(deadline=time.monotonic() + 0.05))
        assert await code(work) == "E801"  # while the thread is still occupied
        with pytest.raises(ServeError, match="E801"):
            stopped.submit("later", Urgency(deadline=time.monotonic() - 1))
        assert stopped.gauges[LATE] == 2
        kept = stopped.submit("in time", Urgency(deadline=time.monotonic() + 60))
        await stopped.go()
        await kept
        assert stopped.computed == ["in time"]

    run(test)


def test_a_request_that_is_cancelled_leaves_the_queue() -> None:
    async def test() -> None:
        stopped = Stopped()
        work = [stopped.submit(number) for number in range(3)]
        work[1].cancel()
        await asyncio.sleep(0)
        assert len(stopped.queue) == 3
        stopped.submit("in its place")
        await stopped.go()
        assert stopped.computed == [0, 2, "in its place"]

    run(test)


def test_errors_and_results_reach_the_caller() -> None:
    async def test() -> None:
        queue = RequestQueue(LIMITS, unshared())
        assert await queue.submit(lambda: 5) == 5
        with pytest.raises(ZeroDivisionError):
            await queue.submit(lambda: 1 / 0)
        queue.close()

    run(test)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from(["", "late", "cancel"])), max_size=24),
    st.integers(2, 6),
    st.integers(1, 3),
)
def test_every_request_has_one_outcome(requests: list[tuple[int, str]], most: int, threads: int) -> None:
    async def test() -> None:
        stopped = Stopped(replace(LIMITS, queue=max(most, threads + 1), threads=threads))
        work: list[asyncio.Future[None]] = []
        refused = 0
        for number, (priority, action) in enumerate(requests):
            deadline = time.monotonic() + (0.0005 if action == "late" else 60)
            try:
                work.append(stopped.submit(number, Urgency(priority, deadline)))
            except ServeError:
                refused += 1
                continue
            if action == "cancel":
                work[-1].cancel()
            assert len(stopped.queue) <= max(most, threads + 1) + 1  # a cancelled one leaves in the next turn
        await asyncio.sleep(0.002)
        await stopped.go()
        results = await asyncio.gather(*work, return_exceptions=True)
        assert len(results) + refused == len(requests)
        answered = [result for result in results if result is None]
        assert len(answered) <= len(stopped.computed) <= len(results)
        assert len(set(stopped.computed)) == len(stopped.computed)
        assert all(result is None or isinstance(result, ServeError | asyncio.CancelledError) for result in results)

    run(test)


def test_the_headers() -> None:
    assert urgency_of({}, 5.0) is NORMAL
    assert urgency_of({"sealift-deadline-ms": "250"}, 5.0) == Urgency(1, 5.25)
    assert urgency_of({"sealift-priority": "HIGH"}, 5.0).priority == 0
    assert urgency_of({"sealift-priority": "low"}, 5.0).priority == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"sealift-deadline-ms": ""},
        {"sealift-deadline-ms": "-5"},
        {"sealift-deadline-ms": "2.5"},
        {"sealift-deadline-ms": "250ms"},
        {"sealift-deadline-ms": "1" * 5000},
        {"sealift-deadline-ms": "0" * 5000},
        {"sealift-deadline-ms": "86400001"},
        {"sealift-deadline-ms": "٣"},
        {"sealift-deadline-ms": "1, 2"},
        {"sealift-priority": "urgent"},
        {"sealift-priority": ""},
    ],
)
def test_malformed_headers(headers: dict[str, str]) -> None:
    with pytest.raises(ServeError, match="E802"):
        urgency_of(headers, 0.0)
