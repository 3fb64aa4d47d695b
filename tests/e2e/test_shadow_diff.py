"""`sealift shadow-diff` against a server with the same model, and with another version of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import seals
from servers import serving


def asked(*arguments: object, code: int = 0) -> Any:
    command = [sys.executable, "-m", "sealift", "shadow-diff", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = [
        {"age": None if n % 7 == 0 else 20.5 + n / 3, "weight": 50 + n / 9, "sex": "fm"[n % 2]} for n in range(250)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_server_with_the_same_model_agrees_over_its_protocols(tmp_path: Path, rows: Path) -> None:
    file = seals.write(tmp_path / "tiny.seal")
    with serving(str(file)) as running:
        for protocol in ("", "sealift", "v2", "tensorflow", "mlflow"):
            options = ["--protocol", protocol] if protocol else []
            told = asked(running.url, file, "--rows", rows, *options, "--json")
            assert (told["agrees"], told["protocol"]) == (True, protocol or "sealift")
            # A missing string has no form in the tensors of the Open Inference Protocol; there is none here.
            assert (told["rows"], told["largest"]) == (250, 0.0)


def test_another_version_is_shown_with_its_rows(tmp_path: Path, rows: Path) -> None:
    file = seals.write(tmp_path / "tiny.seal")
    with serving(str(seals.write(tmp_path / "other.seal", version="2", bias=-1.0))) as running:
        shown = asked(running.url, file, "--rows", rows, code=3)
        assert "250 rows (100.0%) have another answer" in shown
        assert "Another model" in shown
        told = asked("http://127.0.0.1:9", file, "--rows", rows, "--timeout", "1", "--json", code=1)
        assert told["error"]["code"] in ("E750", "E752")
