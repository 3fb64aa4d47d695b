"""`sealift inspect` stays cheap for any file: 300 MB of memory, and a second on a usual machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import heavy
import pytest

CASES = list(heavy.cases())
MEMORY = 300 * 1_000_000
SECONDS = 60  # a second where nothing else runs; here a bound for what is quadratic
LIMITED = (
    "import resource, sys\n"
    "import sealift.cli.inspect, sealift.seal, numpy\n"
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
        check(name, file, code, form, tmp_path)
    file.unlink()


def check(name: str, file: Path, code: str | None, form: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, "inspect", str(file), *(["--json"] if form == "--json" else [])]
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        done = subprocess.run(command, stdout=out, stderr=err, timeout=SECONDS, check=False)
    told = (tmp_path / "out").read_text() + (tmp_path / "err").read_text()
    assert "Traceback" not in told
    assert done.returncode == (0 if code is None else 1), f"{name}: {told[:300]}"
    if code is not None:
        assert code in told
    elif form == "text":
        assert len(told) < 100_000
