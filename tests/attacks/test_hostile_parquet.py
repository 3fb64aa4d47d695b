"""Parquet files whose footer or page headers lie: a coded error, in bounded memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import hostile_parquet
import seals
from sealift.cli.commands import app

SCRIPT = Path(__file__).parent / "fuzz_parquet.py"
RUNS = 4000

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured by /proc")


def child(*arguments: str) -> str:
    """What the script prints; it limits its own memory, and ends with an error for a finding."""
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_lying_headers() -> None:
    results = dict(json.loads(line) for line in child("--cases").splitlines())
    assert list(results) == [name for name, _ in hostile_parquet.cases()]
    assert len(results) > 400
    assert [name for name, wrong in results.items() if wrong is None] == []


def test_random_changes() -> None:
    counts = json.loads(child("--runs", str(RUNS), "--seed", "0"))
    assert sum(counts.values()) == RUNS
    assert min(counts["read"], counts["refused"]) > RUNS // 20


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("dictionary, snappy: column 0: page of 2147483647 bytes", 'row group 0, column "age": pages of 2,147,48'),
        ("version 2, delta, gzip: endless number", 'column "id": a Thrift number has more than 10 bytes'),
        ("dictionary, zstd: column 3, page 0: 2147483647 values", "cannot hold 2,147,483,647 entries"),
        ("footer: a million columns claimed", "its footer is truncated"),
        ("footer: encrypted", "it is encrypted"),
        ("footer: encrypted columns", "it is encrypted"),
    ],
)
def test_command(case: str, message: str, tmp_path: Path) -> None:
    seals.write(tmp_path / "tiny.seal")
    (tmp_path / "in.parquet").write_bytes(dict(hostile_parquet.cases())[case])
    arguments = [tmp_path / "tiny.seal", tmp_path / "in.parquet", "-o", tmp_path / "out.csv", "--keep", "id"]
    done = CliRunner().invoke(app, ["predict", *map(str, arguments)])
    assert done.exit_code == 1
    assert done.stderr.startswith("error E404  ")
    assert message in " ".join(done.stderr.split())
    assert "fix" in done.stderr or "Write it again" in done.stderr
    assert not (tmp_path / "out.csv").exists()
