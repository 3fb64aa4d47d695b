"""`sealift doctor` and the evidence in `sealift inspect`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import sealift
from sealift.cli.commands import app
from sealift.cli.evidence import show

TRAIN = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

def centred(x):
    return np.asarray(x) - np.asarray(x).mean(axis=0)

X = np.random.default_rng(0).normal(size=(40, 2))
good = make_pipeline(FunctionTransformer(np.abs), LogisticRegression()).fit(X, X[:, 0] > 0)
bad = make_pipeline(FunctionTransformer(centred), LogisticRegression()).fit(X, X[:, 0] > 0)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN)
    rows = np.random.default_rng(1).normal(size=(30, 3))
    lines = ["x0,x1,target,id", *(f"{a},{b},{int(a > 0)},{i}" for i, (a, b, _) in enumerate(rows))]
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    return tmp_path


def sealift_(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_every_step_is_supported(folder: Path) -> None:
    done = sealift_("doctor", "train.py:good", "--data", "rows.csv", "--target", "target", "--drop", "id")
    assert done.exit_code == 0, done.output
    assert "Every step is supported" in done.output
    assert "traced" in done.output
    assert not list(folder.glob("*.seal"))


def test_an_obstacle(folder: Path) -> None:
    done = sealift_("doctor", "train.py:bad")
    assert done.exit_code == 1
    assert "train.py, line 8" in done.output
    assert all(len(line) <= 100 for line in done.output.splitlines())
    report = json.loads(sealift_("doctor", "train.py:bad", "--json").output)
    assert report["ok"] is False
    assert report["obstacles"][0]["code"] == "E302"


def test_an_error_is_an_error(folder: Path) -> None:
    done = sealift_("doctor", "absent.py:model")
    assert done.exit_code == 1
    assert "E401" in done.output
    done = sealift_("doctor", "train.py:good", "--data", "rows.csv")
    assert done.exit_code == 1
    assert "E305" in done.output


def test_a_pickle_of_another_version_is_reported(folder: Path) -> None:
    import pickle

    from sklearn import __version__

    body = pickle.dumps(LogisticRegression().fit(np.eye(2), [0, 1]))
    (folder / "old.pkl").write_bytes(body.replace(__version__.encode(), b"0" * len(__version__)))
    done = sealift_("doctor", "old.pkl", "--trust-pickle")
    assert done.exit_code == 0, done.output
    assert f"saved with scikit-learn {'0' * len(__version__)}" in done.output


def test_inspect_shows_the_evidence(folder: Path) -> None:
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = make_pipeline(StandardScaler(), FunctionTransformer(np.abs), LogisticRegression()).fit(X, X[:, 0] > 0)
    sealift.pack(model, X, X[:, 0] > 0, name="m", output="m.seal")
    done = sealift_("inspect", "m.seal")
    assert done.exit_code == 0
    assert re.search(r"caller +40\n", done.output)
    for part in ("Evidence", "worst difference", "1e-9", "none: equal", "traced", "accuracy"):
        assert part in done.output, part
    assert "Pipeline › functiontransformer (FunctionTransformer)" in done.output


@pytest.mark.parametrize(
    "evidence",
    [
        None, [], "text", {"parity": 3, "steps": {"a": 1}, "notes": "x"}, {"parity": {"compared": []}},
        {"parity": {"compared": {"a": "b"}, "outputs": {"v": 1}}}, {"steps": [1, {}, {"path": 3}], "metrics": []},
        {"parity": {"compared": {"a": 1}, "outputs": {"v": {"relative": "x", "worst": []}}}, "notes": ["\x1b[2J"]},
    ],
)  # fmt: skip
def test_foreign_evidence_harms_nothing(evidence: Any, capsys: pytest.CaptureFixture[str]) -> None:
    show(evidence)
    assert "\x1b[2J" not in capsys.readouterr().out
