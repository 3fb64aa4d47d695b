"""Messages that a library pushes into a queue, taken several at a time."""

from __future__ import annotations

import asyncio
from typing import Any

_WAIT = 0.5
"""Seconds to wait for the first message."""


async def taken(queue: asyncio.Queue[Any], most: int) -> list[Any]:
    """At most `most` waiting messages; empty where none comes in time. Raises an exception that is in the queue."""
    try:
        received = [await asyncio.wait_for(queue.get(), _WAIT)]
    except TimeoutError:
        return []
    while len(received) < most and not queue.empty():
        received.append(queue.get_nowait())
    for each in received:
        if isinstance(each, BaseException):
            raise each
    return received
