"""The queue of a worker's threads: bounded, by priority, and without requests whose deadline has passed."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from sealift.errors import SealiftError
from sealift.serve.http.messages import RequestLimits, overloaded
from sealift.serve.scaling.gauges import COMPUTING, LATE, OVERLOADED, WAITING
from sealift.serve.scaling.settings import threads_of
from sealift.serve.urgency import NORMAL, PRIORITIES, Urgency, late

T = TypeVar("T")


class _Job:
    def __init__(self, result: asyncio.Future[Any], function: Callable[[], Any], urgency: Urgency) -> None:
        self.result, self.function, self.urgency = result, function, urgency
        self.timer: asyncio.TimerHandle | None = None


class RequestQueue:
    """Calls functions in threads. All methods belong to the thread of the event loop.

    A request of higher priority is computed first. Where the queue is full, the latest waiting request of the lowest
    priority is refused in favour of one with a higher priority. A request that is cancelled before it is computed, or
    whose deadline passes, leaves the queue.

    Args:
        limits: the number of threads and of requests.
        gauges: the numbers of this worker.
    """

    def __init__(self, limits: RequestLimits, gauges: memoryview[int]) -> None:
        self._limits, self._gauges = limits, gauges
        self._loop = asyncio.get_running_loop()
        self._threads = limits.threads or threads_of(1)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="sealift")
        self._waiting: tuple[deque[_Job], ...] = tuple(deque() for _ in PRIORITIES)
        self._computing = 0

    def __len__(self) -> int:
        """The number of requests that wait or are computed."""
        return self._computing + sum(map(len, self._waiting))

    def submit(self, function: Callable[..., T], *arguments: Any, urgency: Urgency = NORMAL) -> asyncio.Future[T]:
        """Call a function in a thread.

        Returns:
            Its result; ServeError E713 where it had to give way to others, E801 where its deadline passed.

        Raises:
            ServeError: E713 where the queue is full; E801.
        """
        if urgency.late:
            self._gauges[LATE] += 1
            raise late()
        if len(self) >= self._limits.queue and not self._make_room(urgency.priority):
            self._gauges[OVERLOADED] += 1
            raise overloaded()
        job = _Job(self._loop.create_future(), partial(function, *arguments), urgency)
        job.result.add_done_callback(partial(self._settled, job))
        self._waiting[urgency.priority].append(job)
        if urgency.deadline != math.inf:
            job.timer = self._loop.call_later(urgency.deadline - time.monotonic(), self._expire, job)
        self._advance()
        return job.result

    def close(self) -> None:
        """End the threads when they have nothing to compute."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _make_room(self, priority: int) -> bool:
        """Refuse the latest waiting request of the lowest priority below this one; False where there is none."""
        for queue in reversed(self._waiting[priority + 1 :]):
            if queue:
                job = queue.pop()
                if not job.result.done():
                    self._gauges[OVERLOADED] += 1
                    job.result.set_exception(overloaded())
                return True
        return False

    def _advance(self) -> None:
        """Give waiting requests to threads that are free."""
        while self._computing < self._threads:
            job = next((queue.popleft() for queue in self._waiting if queue), None)
            if job is None:
                break
            if job.urgency.late:
                self._expire(job)
            if job.result.done():
                continue
            self._stop_timer(job)
            self._computing += 1
            self._loop.run_in_executor(self._pool, job.function).add_done_callback(partial(self._computed, job))
        self._gauges[WAITING], self._gauges[COMPUTING] = len(self) - self._computing, self._computing

    def _computed(self, job: _Job, work: asyncio.Future[Any]) -> None:
        self._computing -= 1
        if not job.result.done():
            error = None if work.cancelled() else work.exception()
            if work.cancelled():
                job.result.cancel()
            elif error is not None:
                job.result.set_exception(error)
            else:
                job.result.set_result(work.result())
        self._advance()

    def _expire(self, job: _Job) -> None:
        if not job.result.done():
            self._gauges[LATE] += 1
            job.result.set_exception(late())

    def _settled(self, job: _Job, _: object) -> None:
        """Called when a request has its result: it may still be in the queue."""
        self._stop_timer(job)
        queue = self._waiting[job.urgency.priority]
        if job in queue:
            queue.remove(job)
        self._advance()

    @staticmethod
    def _stop_timer(job: _Job) -> None:
        if job.timer is not None:
            job.timer.cancel()
            job.timer = None


def refusal(work: asyncio.Future[Any]) -> SealiftError | None:
    """The error with which the queue refused a request; None where it was computed, or was cancelled."""
    if work.cancelled():
        return None
    error = work.exception()
    if error is not None and not isinstance(error, SealiftError):
        raise error
    return error
