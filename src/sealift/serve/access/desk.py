"""What the administrative routes of a worker use: the supervisor, through its control socket, and the audit log."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealift.errors import ServeError
from sealift.serve import control
from sealift.serve.access import audit
from sealift.serve.access.rates import Buckets, Rate
from sealift.serve.access.refusals import AccessError
from sealift.serve.calls import Caller
from sealift.serve.http.messages import overloaded

_REFUSALS = Rate(30, "min")
"""Refused attempts that a worker records; further ones are counted in the next entry."""
_AT_ONCE = 2
"""Administrative requests that a worker handles at once: they occupy threads."""


class AdminDesk:
    """Administrative acts from a worker. Threads may share it.

    Args:
        port: the port of the server, by which its control socket is found.
        log: the audit log.
    """

    def __init__(self, port: int, log: Path) -> None:
        self._port, self._audit = port, log
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._bucket = Buckets().bucket("refused", _REFUSALS)
        self._suppressed = 0

    def act(self, request: Mapping[str, Any], caller: Caller, address: str) -> dict[str, Any]:
        """Let the supervisor do what a caller asks.

        Raises:
            ServeError: E713 where others wait already; and the errors of the supervisor, without paths.
        """
        if not self._places.acquire(blocking=False):
            raise overloaded()
        try:
            known = {"actor": caller.name, "kind": caller.kind, "address": address}
            return control.ask(self._port, {**request, **known})
        except ServeError as error:
            raise ServeError(error.code, error.what, fix=error.fix) from None
        finally:
            self._places.release()

    def refused(self, error: AccessError, route: str, address: str) -> None:
        """Record an attempt that was refused."""
        if self._bucket.take(time.monotonic()):
            self._suppressed += 1
            return
        entry = {"action": "refused", "code": error.code, "route": route, "address": address}
        control.ask(
            self._port,
            {**entry, "actor": error.caller.name, "kind": error.caller.kind, "suppressed": self._suppressed},
        )
        self._suppressed = 0

    def entries(self, last: int) -> dict[str, Any]:
        """The last entries of the audit log, which was checked. Raises ServeError E742."""
        count, listed = audit.entries(self._audit, last=last)
        return {"count": count, "entries": listed}
