"""`sealift verify` and `predict` end a model that takes too much, with a coded error and nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hostile_models import LARGE, SLOW, large, slow
from sealift import seal
from sealift.errors import FileError, SealError, SignatureError


def command(*arguments: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "sealift", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=timeout, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("make", [large, slow])
def test_small_models_verify_within_the_limits(make: object, tmp_path: Path) -> None:
    assert callable(make)
    done = command("verify", make(tmp_path / "h.seal", 5.0))
    assert done.returncode == 0, done.stderr
    assert "1 of 1 generated examples" in done.stdout


def test_verify_refuses_a_model_that_asks_for_100_gb(tmp_path: Path) -> None:
    file = large(tmp_path / "h.seal", LARGE)
    done = command("verify", file, "--memory", 2)
    assert (done.returncode, "error E210" in done.stderr) == (1, True), done.stderr
    error = json.loads(command("verify", file, "--memory", 2, "--json").stdout)["error"]
    assert error["code"] == "E210"


def test_verify_ends_a_model_that_does_not_answer(tmp_path: Path) -> None:
    file = slow(tmp_path / "h.seal", SLOW)
    done = command("verify", file, "--seconds", 3)
    assert (done.returncode, "within 3 seconds" in done.stderr) == (1, True), done.stderr
    result = command("verify", file, "--seconds", 3, "--json")
    assert (result.returncode, json.loads(result.stdout)["error"]["code"]) == (1, "E210")


def test_verify_from_python(tmp_path: Path) -> None:
    import sealift

    file = large(tmp_path / "h.seal", 5.0)
    verification = sealift.verify(file)
    assert (verification.name, verification.examples, verification.verified_key, verification.claimed_signers) == (
        "h",
        1,
        None,
        (),
    )
    with pytest.raises(SealError, match="E210"):
        sealift.verify(large(tmp_path / "l.seal", LARGE), memory=2)
    with pytest.raises(SealError, match="E210"):
        sealift.verify(slow(tmp_path / "s.seal", SLOW), seconds=3)
    with pytest.raises(FileError, match="E401"):
        sealift.verify(tmp_path / "-none.seal")
    _, keyid = seal.generate_keys(tmp_path / "k")
    with pytest.raises(SignatureError, match="E503"):
        sealift.verify(file, key=tmp_path / "k.pub")
    seal.sign_file(file, seal.load_private_key(tmp_path / "k"))
    assert sealift.verify(file, key=tmp_path / "k.pub").verified_key == keyid


@pytest.mark.parametrize(("make", "value", "limit"), [(large, LARGE, "--memory=2"), (slow, SLOW, "--seconds=3")])
def test_predict_ends_it_too_and_leaves_nothing_behind(make: object, value: float, limit: str, tmp_path: Path) -> None:
    assert callable(make)
    file = make(tmp_path / "h.seal", 5.0)  # its own example is harmless
    rows, answers = tmp_path / "rows.csv", tmp_path / "answers.csv"
    rows.write_text(f"x\n{value}\n")
    done = command("predict", file, rows, "-o", answers, limit)
    assert (done.returncode, "error E210" in done.stderr) == (1, True), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.seal", "rows.csv"]


@pytest.mark.usefixtures("default_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_model_that_is_computing(number: signal.Signals, tmp_path: Path) -> None:
    file = slow(tmp_path / "h.seal", 5.0)
    rows = tmp_path / "rows.csv"
    rows.write_text(f"x\n{SLOW}\n")
    line = [sys.executable, "-m", "sealift", "predict", str(file), str(rows), "-o", str(tmp_path / "a.csv")]
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".sealift-*.part")) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1.0)
        running.send_signal(number)
        _, output = running.communicate(timeout=30)
    assert running.returncode == 128 + number
    assert "Traceback" not in output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.seal", "rows.csv"]


def test_a_model_that_ends_its_process_is_reported(tmp_path: Path) -> None:
    """As a fault of ONNX Runtime would; the rows that were answered before are not left in a part."""
    file = large(tmp_path / "h.seal", 5.0)
    (tmp_path / "rows.csv").write_text("x\n1\n")
    code = (
        "import os, signal, sys\n"
        "from sealift.cli import main\n"
        "from sealift.runtime import IsolatedEngine\n"
        "run = IsolatedEngine.run\n"
        "def crash(engine, *arguments):\n"
        "    os.kill(engine._child._process.pid, signal.SIGABRT)\n"
        "    engine._child._process.wait()\n"
        "    engine._child.ask({'op': 'run'})\n"
        "IsolatedEngine.run = crash\n"
        "main(['predict', 'h.seal', 'rows.csv', '-o', 'answers.csv'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert "error E207  The model ended the process that ran it (SIGABRT)." in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.seal", "rows.csv"]
    assert file.exists()
