"""Heads of requests: a client sends the same bytes again and again, which need to be parsed only once."""

from __future__ import annotations

from collections.abc import Mapping

from sealift.serve.urgency import DEADLINE, PRIORITY

_MOST, _LONGEST = 256, 1 << 10
_PLAIN = frozenset({None, "application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded"})
_GENERAL = frozenset({"content-encoding", "sealift-receipt"})
"""Headers that only the general path understands."""
_VARYING = ("transfer-encoding", "expect", "upgrade")
"""Headers with which a body has another end, or more happens before it."""


class Head:
    """What comes before the body of a request. It does not change, and requests may share it.

    Attributes:
        method: the method in capitals.
        url: the target.
        headers: names in lower case → values.
        keep: whether the connection stays open.
        plain: whether the body may be a row in JSON that needs no other headers.
        urgent: whether it has a deadline or a priority.
        length: the number of bytes of the body, for a head that is remembered.
    """

    __slots__ = ("headers", "keep", "length", "method", "plain", "urgent", "url")

    def __init__(self, method: str, url: bytes, headers: Mapping[str, str], keep: bool) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.keep = keep
        self.plain = method == "POST" and headers.get("content-type") in _PLAIN and headers.keys().isdisjoint(_GENERAL)
        self.urgent = DEADLINE in headers or PRIORITY in headers
        self.length = -1


class KnownHeads:
    """Heads that the parser has accepted, of all connections of a worker.

    The parser is in the same state before every request of a connection that stays open, so that it reads the same
    bytes in the same way.

    Attributes:
        by_bytes: the bytes of a head with the empty line at its end → the head.
    """

    def __init__(self) -> None:
        self.by_bytes: dict[bytes, Head] = {}

    def remember(self, data: bytes, head: Head) -> None:
        """Remember the head of a request with a body, if nothing but its bytes has an influence on it.

        Args:
            data: the bytes of exactly one complete request.
            head: what the parser read.
        """
        at = data.find(b"\r\n\r\n") + 4
        headers = head.headers
        length = headers.get("content-length", "")
        if at > _LONGEST or not head.keep or head.method != "POST" or not length.isdigit():
            return
        # Names that begin with a colon are those of properties of the connection.
        if int(length) != len(data) - at or any(name in headers for name in _VARYING) or ":" in map(_first, headers):
            return
        if len(self.by_bytes) >= _MOST:
            self.by_bytes.clear()
        head.length = len(data) - at
        self.by_bytes[data[:at]] = head


def _first(name: str) -> str:
    return name[:1]
