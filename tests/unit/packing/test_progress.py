"""Progress of packing: where it is shown, what it says, and that nothing of it stays."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.errors import PackError
from sealift.packing import progress
from sealift.packing.proof import prove

X = np.random.default_rng(0).normal(size=(120, 2))
MODEL = LogisticRegression().fit(X, X[:, 0] > 0)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _pack(path: Path, **options: Any) -> None:
    sealift.pack(MODEL, X, name="p", output=path / "p.seal", **options)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_DELAY", 0.0)


def test_a_terminal_shows_the_stages_and_is_left_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    _pack(tmp_path)
    lines = [line.strip() for line in terminal.getvalue().split("\r")]
    assert "Converting the model …" in lines
    assert any("of" in line and "rows, about" in line and line.endswith("s left …") for line in lines)
    assert lines[-2:] == ["", ""]
    assert "\n" not in terminal.getvalue()


def test_a_notebook_shows_it_in_the_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("ZMQInteractiveShell", (), {})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=kind))
    cell = io.StringIO()
    monkeypatch.setattr(sys, "stdout", cell)
    _pack(tmp_path)
    assert "Verifying" in cell.getvalue()


def test_a_program_shows_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _pack(tmp_path)
    assert capsys.readouterr() == ("", "")


def test_the_line_is_removed_when_packing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(PackError):
        sealift.pack(MODEL, X[:, :1], name="p", output=tmp_path / "p.seal")
    assert terminal.getvalue().split("\r")[-1] == ""
    assert terminal.getvalue().split("\r")[-2].strip() == ""


def test_a_callback_is_called_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    said: list[str] = []
    _pack(tmp_path, progress=said.append)
    assert terminal.getvalue() == ""
    assert said[:3] == ["Reading the rows", "Converting the model", "Running the original model"]
    assert said[-1] == "Writing"
    counted = [sentence for sentence in said if sentence.startswith("Verifying: ")]
    done, total = counted[-1].removeprefix("Verifying: ").partition(" rows")[0].split(" of ")
    assert done == total
    assert int(total.replace(",", "")) > len(X)


def test_each_further_engine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = SimpleNamespace(title="Another engine", key="other")
    monkeypatch.setattr(prove, "further_engines", lambda: [kind])
    monkeypatch.setattr(prove, "compare_in", lambda *_: None)
    said: list[str] = []
    _pack(tmp_path, progress=said.append)
    assert said.count("Verifying in Another engine") == 1


def test_a_countdown_extrapolates(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    said: list[str] = []
    countdown = progress.Countdown(said.append, "Verifying", 1000)
    now[0] = 110.0
    countdown.add(250)
    now[0] = 300.0
    countdown.add(250)
    countdown.add(900)
    assert said == [
        "Verifying: 250 of 1,000 rows, about 30 s left",
        "Verifying: 500 of 1,000 rows, about 3 min left",
        "Verifying: 1,000 of 1,000 rows, about 1 s left",
    ]
