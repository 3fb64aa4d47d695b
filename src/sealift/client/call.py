"""One call of a server by httpx: its attempts, the pauses between them, and its result."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from sealift.errors import ServeError

_AGAIN = frozenset({429, 502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
_LONGEST_DEADLINE = 86_400_000
"""Milliseconds, at most, in the header Sealift-Deadline-Ms."""


class ClientRequest(NamedTuple):
    """A request.

    Attributes:
        method: the method.
        path: the path, or the whole address.
        content: the body.
        headers: the headers.
        has_deadline: whether it has the header Sealift-Deadline-Ms, with the time that is left.
    """

    method: str
    path: str
    content: bytes | None = None
    headers: Mapping[str, str] = {}
    has_deadline: bool = False


class Received(NamedTuple):
    """What a client uses of a response.

    Attributes:
        status: the status.
        data: the body.
        retry_after: the header Retry-After.
        receipt: the header Sealift-Receipt.
    """

    status: int
    data: bytes
    retry_after: str | None
    receipt: str | None

    @classmethod
    def of(cls, response: Any) -> Received:
        """From a response of httpx."""
        headers = response.headers
        return cls(response.status_code, response.content, headers.get("retry-after"), headers.get("sealift-receipt"))


class ServerCall:
    """One call of the server: its attempts, the pauses between them and its result.

    A request is sent again when the connection failed, and when the server refused it for the moment (429, 502, 503,
    504): predictions have no effects, so it does not matter whether an earlier request was answered. The pauses grow
    from 0.05 to 5 seconds with a random part (full jitter), or are those of the header Retry-After.

    A transport waits for `pause`, sends `attempt`, and reports the outcome with `responded` or `failed`, until there is
    no `pause`; then `result` is the response.

    Args:
        request: what is sent.
        url: the address of the server, for errors.
        retries: how often the request is sent again at most.
        timeout: seconds for all attempts together.
    """

    def __init__(self, request: ClientRequest, url: str, retries: int, timeout: float) -> None:
        self.pause: float | None = 0.0
        self._request = request
        self._url = url
        self._left = retries
        self._count = 0
        self._end = time.monotonic() + timeout
        self._outcome: Received | Exception | None = None

    @property
    def seconds(self) -> float:
        """Seconds until the deadline; more than 0. Raises ServeError E752 when it has passed."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise _too_late()
        return left

    def attempt(self) -> dict[str, Any]:
        """The arguments of httpx for the next attempt. Raises ServeError E752, as `seconds`."""
        method, path, content, headers, has_deadline = self._request
        seconds = self.seconds
        if has_deadline:
            # Rounded up: most first attempts have the same bytes, whose head a server has parsed before.
            left = min(math.ceil(seconds * 1000), _LONGEST_DEADLINE)
            headers = {**headers, "sealift-deadline-ms": str(left)}
        return {"method": method, "url": path, "content": content, "headers": headers, "timeout": seconds}

    def responded(self, response: Any) -> None:
        """The server responded, as httpx returns it."""
        self._outcome = received = Received.of(response)
        self._next(received.status in _AGAIN, received.retry_after)

    def failed(self, error: Exception) -> None:
        """The connection failed."""
        self._outcome = error
        self._next(True, None)

    @property
    def result(self) -> Received:
        """The last response. Raises ServeError E750 or E752 where there is none."""
        if not isinstance(self._outcome, Received):
            self.seconds  # noqa: B018 -- raises E752 at the deadline
            raise _unreachable(self._url, self._outcome)
        return self._outcome

    def _next(self, again: bool, retry_after: str | None) -> None:
        self.pause = None
        if not again or self._left <= 0:
            return
        self._left -= 1
        self._count += 1
        pause = random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._count))  # noqa: S311 -- not a secret
        if retry_after is not None and retry_after.isascii() and retry_after.isdigit():
            pause = max(pause, float(retry_after))
        if time.monotonic() + pause < self._end:
            self.pause = pause


def send(call: ServerCall, http: Any, failures: Any) -> Received:
    """Send a call until it has a result.

    Args:
        call: the call.
        http: the client of httpx.
        failures: the exceptions of httpx that stand for a connection that failed.

    Raises:
        ServeError: E750, E752.
    """
    while call.pause is not None:
        time.sleep(call.pause)
        try:
            call.responded(http.request(**call.attempt()))
        except failures as error:
            call.failed(error)
    return call.result


async def send_async(call: ServerCall, http: Any, failures: Any) -> Received:
    """The same with an asynchronous client."""
    while call.pause is not None:
        await asyncio.sleep(call.pause)
        try:
            call.responded(await http.request(**call.attempt()))
        except failures as error:
            call.failed(error)
    return call.result


def _unreachable(url: str, error: Exception | None) -> ServeError:
    return ServeError(
        "E750",
        f"The server cannot be reached: {str(error) or type(error).__name__}.",
        where=url,
        fix="Check the address, and whether the server runs.",
    )


def _too_late() -> ServeError:
    return ServeError(
        "E752",
        "The server did not answer before the deadline.",
        fix="Allow more time with `timeout`, or send fewer rows.",
    )
