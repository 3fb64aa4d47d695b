"""`sealift inspect` stays cheap for any file: 300 MB of memory, and a second of one processor on a usual machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import heavy
import pytest

CASES = list(heavy.cases())
MEMORY = 300 * 1_000_000
SECONDS = 2.0
"""Processor time of the command with the interpreter. The bound is 1 s on a processor that does nothing else;
on one that shares its caches and its clock with other tests the same work takes up to twice as long, and the machines
of a CI are slower."""
ATTEMPTS = 3
LIMITED = (
    "import resource, sys\n"
    "import sealift.cli.inspect, sealift.seal\n"
    "used = int(next(line for line in open('/proc/self/status') if line.startswith('VmSize')).split()[1]) * 1024\n"
    "resident = int(next(line for line in open('/proc/self/status') if line.startswith('VmRSS')).split()[1]) * 1024\n"
    f"room = used + {MEMORY} - resident\n"
    "resource.setrlimit(resource.RLIMIT_AS, (room, room))\n"
    "from sealift.cli import main\n"
    "main(sys.argv[1:])\n"
)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is limited by what /proc says is used")
@pytest.mark.parametrize(("name", "made", "code"), CASES, ids=[name for name, *_ in CASES])
def test_inspect_is_cheap(name: str, made: Callable[[], bytes], code: str | None, tmp_path: Path) -> None:
    file = tmp_path / "heavy.seal"
    file.write_bytes(made())
    for form in ("text", "--json"):
        taken = []
        for _ in range(ATTEMPTS):
            taken.append(check(name, file, code, form, tmp_path))
            if taken[-1] <= SECONDS:
                break
        assert min(taken) <= SECONDS, f"{name}, {form}: {taken} s of processor time"
    file.unlink()


def check(name: str, file: Path, code: str | None, form: str, tmp_path: Path) -> float:
    """Run the command once; the seconds of processor time that it took."""
    command = [sys.executable, "-c", LIMITED, "inspect", str(file), *(["--json"] if form == "--json" else [])]
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    output = (tmp_path / "out").read_text() + (tmp_path / "err").read_text()
    assert "Traceback" not in output
    assert process.returncode == (0 if code is None else 1), f"{name}: {output[:300]}"
    if code is not None:
        assert code in output
    elif form == "text":
        assert len(output) < 100_000
    return usage.ru_utime + usage.ru_stime
