"""Limits of time and memory for a graph that runs in a separate process."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from pathlib import Path

LOAD_SECONDS, CALL_SECONDS = 120.0, 600.0
"""The default time limits in seconds, of loading a small graph and of one call."""

_PER_BYTE = 60.0 / 100e6
_GIB = 1 << 30


@dataclass(frozen=True, kw_only=True, repr=False)
class Limits:
    """Limits of a process that runs a graph.

    Attributes:
        seconds: wall-clock time of one call; 600 by default.
        memory: GB (10⁹ bytes) of the process; by default half of the memory of the machine or of its control group,
            but at least 1 GiB plus 8 times the size of the graph.
        load_seconds: wall-clock time until the graph is loaded, including the start of the process; by default 120,
            plus 60 for each 100 MB of the graph.

    Raises:
        ValueError: a limit is not a positive finite number.
    """

    seconds: float | None = None
    memory: float | None = None
    load_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("seconds", "memory", "load_seconds"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and 0 < value < math.inf):
                raise ValueError(f"{name} must be a positive finite number, got {value!r:.40}")

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in ("seconds", "memory", "load_seconds")}
        return f"Limits({', '.join(f'{name}={value!r}' for name, value in values.items() if value is not None)})"

    def bounds(self, size: int) -> Bounds:
        """The limits for a graph of `size` bytes, with the defaults filled in."""
        load = LOAD_SECONDS + size * _PER_BYTE if self.load_seconds is None else self.load_seconds
        call = CALL_SECONDS if self.seconds is None else self.seconds
        memory = max(_physical() // 2, _GIB + 8 * size) if self.memory is None else int(self.memory * 1e9)
        return Bounds(load, call, memory)


@dataclass(frozen=True)
class Bounds:
    """Limits in seconds and bytes."""

    load: float
    call: float
    memory: int


def _physical() -> int:
    """The memory in bytes of the machine, or of its control group where that is less."""
    import psutil

    size = int(psutil.virtual_memory().total)
    for place in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            size = min(size, int(Path(place).read_text(encoding="ascii")))
    return size
