"""What a graph in a process of its own may use, by default and as asked."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from sealift.runtime import limits
from sealift.runtime.limits import Bounds, Limits

GIB = 1 << 30


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine of 64 GiB, and the files of its control groups."""
    files: dict[str, str] = {}

    def read(path: Path, encoding: str) -> str:
        assert encoding == "ascii"
        if str(path) not in files:
            raise FileNotFoundError(path)
        return files[str(path)]

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=64 * GIB))
    monkeypatch.setattr(Path, "read_text", read)
    return files


def test_the_defaults_of_a_small_graph(machine: Any) -> None:
    assert Limits().bounds(0) == Bounds(load=120.0, call=600.0, memory=32 * GIB)


def test_a_large_graph_may_take_longer_to_load_and_more_memory(machine: Any) -> None:
    bounds = Limits().bounds(200_000_000)
    assert bounds.load == pytest.approx(240.0, rel=1e-12)
    assert bounds.memory == 32 * GIB
    assert Limits().bounds(8 * GIB).memory == 65 * GIB


@pytest.mark.parametrize("name", ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"])
@pytest.mark.parametrize(
    ("held", "memory"),
    [(f"{8 * GIB}\n", 4 * GIB), (f"{128 * GIB}\n", 32 * GIB), ("max\n", 32 * GIB), (f"{GIB}\n", GIB)],
)
def test_a_control_group_may_have_less(machine: dict[str, str], name: str, held: str, memory: int) -> None:
    machine[name] = held
    assert Limits().bounds(0).memory == memory


def test_given_limits_are_used(machine: Any) -> None:
    assert Limits(seconds=2, memory=1.5, load_seconds=3).bounds(8 * GIB) == Bounds(3, 2, 1_500_000_000)


@pytest.mark.parametrize("name", ["seconds", "memory", "load_seconds"])
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan, "2"])
def test_other_limits_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a positive finite number, got"):
        Limits(**{name: value})
    Limits(**{name: 1e-9})


def test_limits_show_what_is_set() -> None:
    assert repr(Limits()) == "Limits()"
    assert repr(Limits(load_seconds=2, memory=0.5)) == "Limits(memory=0.5, load_seconds=2)"


def test_the_defaults_are_public() -> None:
    assert (limits.LOAD_SECONDS, limits.CALL_SECONDS) == (120.0, 600.0)
