"""Table files made to exhaust the reader: a coded error, in bounded memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hostile_tables
import seals

# Of addresses; the libraries alone map 2 GB. Without the limits of the readers each of these files takes more.
_MEMORY = 3 << 30
_RESIDENT = 1 << 20  # kB
_SECONDS = 30.0  # of a processor
_CHILD = """\
import contextlib, io, json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
from sealift.cli import main
for table in sys.argv[1:]:
    begun, stream = time.process_time(), io.StringIO()
    try:
        with contextlib.redirect_stderr(stream):
            main(["predict", "tiny.seal", table, "-o", "out.csv", "--keep", "id"])
    except SystemExit as ended:
        code = ended.code
    used = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])  # the rusage has the parent's too
    print(json.dumps([code, stream.getvalue(), time.process_time() - begun, used]))
"""


def predict(folder: Path, tables: dict[str, Path]) -> dict[str, tuple[int, str]]:
    """Exit code and message for each table; memory and time are checked here."""
    seals.write(folder / "tiny.seal")
    done = subprocess.run(
        [sys.executable, "-c", _CHILD.format(memory=_MEMORY), *(table.name for table in tables.values())],
        cwd=folder, capture_output=True, text=True, timeout=900, check=True,
    )  # fmt: skip
    results: list[Any] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(results) == len(tables)
    for case, (_, output, seconds, resident) in zip(tables, results, strict=True):
        assert "Traceback" not in output, (case, output)
        assert seconds < _SECONDS, case
        assert resident < _RESIDENT, case
    assert not list(folder.glob(".sealift-*"))
    return {case: (code, output) for case, (code, output, *_) in zip(tables, results, strict=True)}


def test_workbooks(tmp_path: Path) -> None:
    tables = {case: hostile_tables.xlsx(tmp_path / f"{i}.xlsx", case) for i, case in enumerate(hostile_tables.XLSX)}
    for case, (code, output) in predict(tmp_path, tables).items():
        assert tables[case].stat().st_size < 4 << 20
        assert (code, output[:12]) == (1, "error E404  "), (case, output)


def test_parquet_files(tmp_path: Path) -> None:
    cases = enumerate(hostile_tables.PARQUET)
    tables = {case: hostile_tables.parquet(tmp_path / f"{i}.parquet", case) for i, case in cases}
    for case, (code, output) in predict(tmp_path, tables).items():
        assert tables[case].stat().st_size < 2 << 20
        assert (code, output[:12]) == (1, "error E404  "), (case, output)


def test_a_long_text_in_many_rows_is_held_once(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from sealift.batch.parquet import ParquetReader

    table = hostile_tables.parquet(tmp_path / "in.parquet", hostile_tables.REPEATED)
    with table.open("rb") as stream:
        sizes = [
            (chunk.count, sum(map(len, chunk.columns["id"])))
            for chunk in ParquetReader(stream, "in").chunks(["id"], 4096)
        ]
    assert sum(count for count, _ in sizes) == 4600
    assert max(size for _, size in sizes) < 65 << 20


def test_csv_files(tmp_path: Path) -> None:
    tables = {case: hostile_tables.csv(tmp_path / f"{i}.csv", case) for i, case in enumerate(hostile_tables.CSV)}
    for case, (code, output) in predict(tmp_path, tables).items():
        expected = "E101" if case == "header of 500,000 names" else "E404"
        assert (code, output[:10]) == (1, f"error {expected}"), (case, output)
