"""Limits of the rate of each caller, as token buckets in memory that all workers share."""

from __future__ import annotations

import hashlib
import mmap
import re
from dataclasses import dataclass

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_TEXT = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(_UNITS)})")
_SLOTS = 1 << 16
_PROBES = 8


@dataclass(frozen=True)
class Rate:
    """A number of requests in a time.

    Attributes:
        count: the number, which a caller that was idle may also send at once.
        unit: s, min, h or d.
    """

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Rate:
        """A rate from text such as `100/s`. Raises ValueError."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"a rate is written as 100/s, 100/min, 100/h or 100/d, not {text!r:.40}")
        return cls(int(match[1]), match[2])

    @property
    def seconds(self) -> float:
        """The time."""
        return _UNITS[self.unit]

    def __str__(self) -> str:
        return f"{self.count}/{self.unit}"


class Buckets:
    """The buckets of all callers of a server, in an anonymous mapping. Make it before the workers are started.

    Each slot has the tag of a caller and the time at which its bucket is full again: the theoretical arrival time of
    the generic cell rate algorithm (ITU-T I.371, annex A). A bucket that is full has no information, so that another
    caller may take its slot. There are no locks: where two workers take from a bucket within the same few hundred
    nanoseconds, one of the two requests may not be counted.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SLOTS * 16)
        view = memoryview(self._memory)
        self.tags = view[: _SLOTS * 8].cast("Q")
        self.full = view[_SLOTS * 8 :].cast("d")

    def bucket(self, caller: str, rate: Rate) -> Bucket:
        """The bucket of a caller."""
        return Bucket(self, caller, rate)

    def place(self, tag: int, now: float) -> int:
        """The slot with a tag; where there is none, one that is free, or the one that is full again first."""
        slots = [(tag + i) % _SLOTS for i in range(_PROBES)]
        for at in slots:
            if self.tags[at] == tag:
                return at
        at = min(slots, key=lambda slot: self.full[slot])
        self.full[at] = now
        self.tags[at] = tag
        return at


class Bucket:
    """The bucket of one caller, as one process uses it."""

    __slots__ = ("_at", "_buckets", "_depth", "_full", "_interval", "_tag", "_tags")

    def __init__(self, buckets: Buckets, caller: str, rate: Rate) -> None:
        self._buckets = buckets
        self._tags, self._full = buckets.tags, buckets.full
        self._tag = int.from_bytes(hashlib.sha256(caller.encode()).digest()[:8]) or 1
        self._at = self._tag % _SLOTS
        self._interval = rate.seconds / rate.count
        self._depth = rate.seconds

    def take(self, now: float) -> float:
        """Take one request at a time of the monotonic clock; returns 0, or the seconds until one is available."""
        if self._tags[self._at] != self._tag:
            self._at = self._buckets.place(self._tag, now)
        full = self._full[self._at]
        full = (full if full > now else now) + self._interval
        wait = full - now - self._depth
        if wait > 1e-9:
            return wait
        self._full[self._at] = full
        return 0.0
