"""How urgent a request is: its priority, and the time after which nobody waits for its answer."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from sealift.errors import ServeError

DEADLINE, PRIORITY = "sealift-deadline-ms", "sealift-priority"
"""The headers, in lower case."""
PRIORITIES = ("high", "normal", "low")
_LONGEST = 86_400_000
_DIGITS = re.compile("[0-9]{1,8}")


class Urgency(NamedTuple):
    """The urgency of a request.

    Attributes:
        priority: the position in `PRIORITIES`.
        deadline: the time by the clock `time.monotonic` after which the request is not computed.
    """

    priority: int = 1
    deadline: float = math.inf

    @property
    def late(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline < time.monotonic()


NORMAL = Urgency()


def urgency_of(headers: Mapping[str, str], begun: float) -> Urgency:
    """The urgency that the headers of a request state.

    Args:
        headers: the headers, whose names are in lower case.
        begun: when the request began to arrive, by the clock `time.monotonic`.

    Raises:
        ServeError: E802 for a malformed header.
    """
    deadline, priority = headers.get(DEADLINE), headers.get(PRIORITY)
    if deadline is None and priority is None:
        return NORMAL
    if deadline is not None and not (_DIGITS.fullmatch(deadline) and int(deadline) <= _LONGEST):
        raise _malformed("Sealift-Deadline-Ms", deadline, f"an integer of milliseconds, at most {_LONGEST}")
    if priority is not None and priority.lower() not in PRIORITIES:
        raise _malformed("Sealift-Priority", priority, " or ".join(PRIORITIES))
    return Urgency(
        NORMAL.priority if priority is None else PRIORITIES.index(priority.lower()),
        NORMAL.deadline if deadline is None else begun + int(deadline) / 1000,
    )


def late() -> ServeError:
    """The error E801 for a request whose deadline has passed."""
    return ServeError(
        "E801",
        "The deadline of the request passed before it was computed.",
        fix="Allow more time, or repeat the request when the server has less to do.",
    )


def _malformed(header: str, value: str, wanted: str) -> ServeError:
    return ServeError("E802", f"The header {header} is malformed: {value!r:.40}.", fix=f"Send {wanted}.")
