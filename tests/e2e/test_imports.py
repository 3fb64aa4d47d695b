"""Imports: no training framework is loaded below packing, and nothing opens a connection (strace)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

STRACE = shutil.which("strace")
PREDICT = (
    "import sealift, sys\n"
    "model = sealift.load(sys.argv[1])\n"
    "answer = model.predict({'age': 61.5, 'weight': 80.0, 'sex': 'f'})\n"
    "assert answer['label'].tolist() == [1]\n"
)
_CALL = re.compile(r"(?:\[pid +\d+\] )?(?P<name>\w+)\((?P<rest>.*)")


def run(code: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    assert ran.returncode == 0, ran.stderr


def test_import_is_light() -> None:
    run("import sealift, sys\nfound = {'numpy', 'onnxruntime'} & set(sys.modules)\nassert not found, found")


def test_predicting_needs_no_training_framework(tiny: Path) -> None:
    frameworks = "{'sklearn', 'torch', 'pandas', 'polars', 'pyarrow', 'onnx', 'skl2onnx', 'scipy', 'cryptography'}"
    run(f"{PREDICT}found = {frameworks} & set(sys.modules)\nassert not found, found", str(tiny))


def test_verifying_and_scoring_need_none_either(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("age,weight,sex\n61.5,80,f\n")
    code = (
        "import sealift, sys\nfrom sealift.batch import score\n"
        "model = sealift.load(sys.argv[1])\nassert model.self_test().passed\n"
        "score(model, sys.argv[2], sys.argv[3])\n"
        "found = {'sklearn', 'torch', 'pandas', 'polars', 'pyarrow', 'onnx', 'skl2onnx', 'scipy'} & set(sys.modules)\n"
        "assert not found, found"
    )
    run(code, str(tiny), str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))


class Traced:
    """The system calls of a process and its children that reach for the network or make files."""

    def __init__(self, log: str) -> None:
        self.sockets: list[str] = []
        self.written: list[str] = []
        for line in log.splitlines():
            match = _CALL.match(line)
            if match is None:
                continue
            name, rest = match["name"], match["rest"]
            if re.search(r"\bAF_INET6?\b", rest):
                self.sockets.append(line)
            creates = name in ("mkdir", "mkdirat", "creat") or (
                name in ("open", "openat") and re.search(r"\bO_(WRONLY|RDWR|CREAT)\b", rest)
            )
            failed = re.search(r"= -1 E", rest)
            path = re.search(r'"((?:[^"\\]|\\.)*)"', rest)
            if creates and not failed and path and path[1] != "/dev/null":
                self.written.append(path[1])


def traced(tmp_path: Path, code: str, *arguments: str) -> Traced:
    """Run Python code under strace, with a home of its own where a cache would appear."""
    if STRACE is None:
        pytest.skip("strace is not installed: the system calls cannot be watched")
    home = tmp_path / "home"
    home.mkdir()
    kept = {key: value for key, value in os.environ.items() if key not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")}
    log = tmp_path / "trace.log"
    command = [STRACE, "-f", "-o", str(log), "-s", "400", "-e", "trace=network,open,openat,creat,mkdir,mkdirat"]
    ran = subprocess.run(
        [*command, sys.executable, "-B", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, "HOME": str(home)},
    )
    if ran.returncode and "ptrace" in ran.stderr.lower():
        pytest.skip("this machine does not let strace watch a process")
    assert ran.returncode == 0, ran.stderr
    assert not list(home.iterdir()) or "control" in code, (
        f"something appeared in the home folder: {list(home.iterdir())}"
    )
    return Traced(re.sub(r"^\d+ +", "", log.read_text(errors="replace"), flags=re.MULTILINE))


def test_loading_and_predicting_use_no_network_and_write_no_files(tiny: Path, tmp_path: Path) -> None:
    # The telemetry resolves its host a little after the first session, so the process stays for a while.
    seen = traced(tmp_path, PREDICT + "import time; time.sleep(2)", str(tiny))
    assert seen.sockets == []
    assert seen.written == []


def test_the_watch_records_a_socket_and_a_file(tmp_path: Path) -> None:
    code = (
        "import pathlib, socket, threading  # control\n"
        "def reach():\n"
        "    s = socket.socket(); s.settimeout(0.1)\n"
        "    try: s.connect(('127.0.0.1', 9))\n"
        "    except OSError: pass\n"
        "    s.close()\n"
        "t = threading.Thread(target=reach); t.start(); t.join()\n"
        "(pathlib.Path.home() / 'cache').mkdir()\n"
        "(pathlib.Path.home() / 'cache' / 'telemetry.db').write_text('x')\n"
    )
    seen = traced(tmp_path, code)
    assert any("connect(" in call for call in seen.sockets)
    assert [Path(path).name for path in seen.written] == ["cache", "telemetry.db"]


def test_reading_parquet_does_not_drag_pandas_in(tiny: Path, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    table = pa.table({"age": [61.5, None], "weight": [80, 70], "sex": ["f", "m"]})
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet")
    code = (
        "import sealift, sys\nfrom sealift.batch import score\n"
        "assert score(sealift.load(sys.argv[1]), sys.argv[2], sys.argv[3]).refused == 0\n"
        "assert 'pandas' not in sys.modules"
    )
    run(code, str(tiny), str(tmp_path / "in.parquet"), str(tmp_path / "out.csv"))
