"""The processors of a process are those it may use: its affinity and the quotas of its control groups."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealift.runtime.processors import processors


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("limit", "count"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1), ("9999999 100000", 8), ("", 8)],
)
def test_quota_of_version_2(tmp_path: Path, limit: str, count: int) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/user/job\n")
    write(tmp_path / "sys/fs/cgroup/user/job/cpu.max", f"{limit}\n")
    assert processors(tmp_path) == count


def test_quota_of_a_group_around(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/user/job\n")
    write(tmp_path / "sys/fs/cgroup/user/cpu.max", "300000 100000\n")
    write(tmp_path / "sys/fs/cgroup/user/job/cpu.max", "max 100000\n")
    assert processors(tmp_path) == 3


def test_quota_of_a_container_that_sees_its_group_as_the_root(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/docker/0123\n")
    write(tmp_path / "sys/fs/cgroup/cpu.max", "400000 100000\n")
    assert processors(tmp_path) == 4


@pytest.mark.parametrize(("quota", "count"), [("-1", 8), ("250000", 3), ("50000", 1)])
def test_quota_of_version_1(tmp_path: Path, quota: str, count: int) -> None:
    write(tmp_path / "proc/self/cgroup", "5:memory:/other\n4:cpu,cpuacct:/job\n0::/\n")
    write(tmp_path / "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", f"{quota}\n")
    write(tmp_path / "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n")
    assert processors(tmp_path) == count


@pytest.mark.parametrize("text", ["", "nonsense", "0::", "::::\n0", "0::/../../.."])
def test_damaged_descriptions_of_groups_are_passed_over(tmp_path: Path, text: str) -> None:
    write(tmp_path / "proc/self/cgroup", text)
    assert processors(tmp_path) == 8


def test_affinity() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from sealift.runtime.processors import processors; print(processors())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
