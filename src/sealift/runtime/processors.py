"""The number of processors that this process may use, from its affinity and the CPU quota of its control groups."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")


def processors(root: Path = _ROOT) -> int:
    """The number of processors of this process, at least one.

    A container with `--cpus 2` on a host of 64 processors sees all 64; only the quota limits it to two.

    Args:
        root: the folder that holds `proc` and `sys`.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # only on Linux
    count = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, min([count, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """The CPU quotas, in processors, of the control groups of this process and their parents (Linux)."""
    groups = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        # Version 1 has a folder for each set of controllers, version 2 one tree without a name.
        folder = groups / controllers
        inner = folder / path.lstrip("/")
        # In a container the path is that of the host, but the group itself is mounted.
        for group in [inner, *inner.parents]:
            if group == folder or folder in group.parents:
                quota = _quota(group)
                if quota is not None:
                    yield quota


def _quota(group: Path) -> float | None:
    parts = _text(group / "cpu.max").split()  # version 2: "max 100000"
    if not parts:
        parts = [_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    try:
        quota, period = map(int, parts)
    except ValueError:  # "max", or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
