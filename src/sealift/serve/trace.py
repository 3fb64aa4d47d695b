"""W3C Trace Context: which distributed trace a call belongs to (W3C Recommendation "Trace Context", level 1)."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import NamedTuple

_HEADER = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_bits = random.getrandbits  # a child of fork has other bits than its parent


class TraceContext(NamedTuple):
    """The place of a call in a trace.

    Attributes:
        trace_id: 32 hexadecimal digits.
        parent_id: the span of the caller, 16 hexadecimal digits; empty where the call begins the trace.
        span_id: the span of the call, 16 hexadecimal digits.
        sampled: whether the caller records the trace; None where the call begins it.
    """

    trace_id: str
    parent_id: str
    span_id: str
    sampled: bool | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> TraceContext:
        """From the headers of a request, whose names are in lower case; a new trace without a valid `traceparent`."""
        match = _HEADER.fullmatch(headers.get("traceparent", ""))
        span_id = f"{_bits(64) or 1:016x}"
        if match is not None:
            version, trace_id, parent_id, flags, more = match.groups()
            valid = version != "ff" and not (version == "00" and more) and trace_id.strip("0") and parent_id.strip("0")
            if valid:
                return cls(trace_id, parent_id, span_id, bool(int(flags, 16) & 1))
        return cls(f"{_bits(128) or 1:032x}", "", span_id, None)

    def header(self) -> str:
        """A `traceparent` that names the span of the call."""
        return f"00-{self.trace_id}-{self.span_id}-{0 if self.sampled is False else 1:02x}"
