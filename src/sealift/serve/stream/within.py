"""A limit of time for a call of a client library that may go on after it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_abandoned: set[asyncio.Task[Any]] = set()  # the event loop itself keeps only weak references


async def within(seconds: float, call: Coroutine[Any, Any, T]) -> T:
    """The result of a call.

    `asyncio.wait_for` waits until a cancelled call has ended. Clients of brokers suppress cancellations while they
    close their own tasks, so that it may never return. This function cancels the call, and does not wait for its end.

    Raises:
        TimeoutError: the call takes longer.
        ConnectionAbortedError: the client cancelled the call itself.
    """
    task = asyncio.get_running_loop().create_task(call)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        _abandon(task)
        raise
    if not done:
        _abandon(task)
        raise TimeoutError
    if task.cancelled():  # a CancelledError would end the loop that calls this
        raise ConnectionAbortedError("the client cancelled the call")
    return task.result()


def _abandon(task: asyncio.Task[Any]) -> None:
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_end)


def _end(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # otherwise the loop logs that nobody retrieved it
