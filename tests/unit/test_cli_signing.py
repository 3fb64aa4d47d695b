"""`pack` and `sign` in CI: what is overwritten, passwords without a terminal, one JSON object, documented fields."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import seals
from sealift import seal
from sealift.cli.commands import app
from sealift.seal.keys import VARIABLE

ROOT = Path(__file__).parents[2]
NOISY = """\
import atexit, os, subprocess, sys, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression

print("printed")
os.write(1, b"written\\n")
subprocess.run(["echo", "by a child"])
atexit.register(print, "at the end")
warnings.warn("the target is leaked")
warnings.warn("an old function", DeprecationWarning)
X = np.random.default_rng(0).normal(size=(40, 2))
model = LogisticRegression().fit(X, X[:, 0] > 0)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "train.py").write_text(NOISY)
    (tmp_path / "rows.csv").write_text("x0,x1\n" + "".join(f"{i / 7},{-i}\n" for i in range(20)))
    seal.generate_keys(tmp_path / "k")
    seal.generate_keys(tmp_path / "locked", password=b"secret \xc3\xa9")
    seals.write(tmp_path / "tiny.seal")
    return tmp_path


def invoke(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done


def pack(*more: object, code: int = 0) -> Result:
    fixed = ["pack", "train.py:model", "--data", "rows.csv", "--name", "m", "--engines", "native"]
    return invoke(*fixed, *more, code=code)


def refused(done: Result) -> str:
    assert done.stdout == ""
    return done.stderr[6:10]


def test_a_signed_file_is_not_replaced_by_default(folder: Path) -> None:
    pack()
    pack()  # an unsigned one is
    invoke("sign", "m.seal", "--key", "k")
    before = Path("m.seal").read_bytes()
    done = pack(code=1)
    assert ("E406" in done.stderr, "is signed" in done.stderr) == (True, True)
    assert Path("m.seal").read_bytes() == before
    pack("--overwrite", "--sign", "k")
    assert seal.signatures(seal.read(Path("m.seal")))
    pack("--overwrite")
    assert not seal.signatures(seal.read(Path("m.seal")))


def test_another_file_is_not_replaced_by_default(folder: Path) -> None:
    assert "E406" in pack("-o", "rows.csv", code=1).stderr
    assert (folder / "rows.csv").read_text().startswith("x0,x1")


def test_an_output_that_cannot_be_written_is_noticed_before_the_work(folder: Path) -> None:
    done = pack("-o", "nowhere/m.seal", code=1)
    assert "E402" in done.stderr
    assert "printed" not in done.output  # the model was not even loaded


@pytest.mark.parametrize("command", ["sign", "pack"])
def test_the_password_of_a_key_without_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    def run(*more: object, code: int = 0) -> Result:
        if command == "pack":
            return pack("--sign", "locked", "--overwrite", *more, code=code)
        return invoke("sign", "tiny.seal", "--key", "locked", *more, code=code)

    (folder / "password").write_bytes("secret é\n".encode())
    (folder / "wrong").write_text("wrong\n")
    (folder / "empty").write_text("\n")
    run("--password-file", "password")
    for more in ((), ("--password-file", "wrong"), ("--password-file", "empty"), ("--password-prompt",)):
        assert "E501" in run(*more, code=1).stderr
    assert "E401" in run("--password-file", "absent", code=1).stderr
    run("--password-file", "password", "--password-prompt", code=2)
    monkeypatch.setenv(VARIABLE, "secret é")
    run()
    invoke("sign", "tiny.seal", "--key", "k")  # which has none
    monkeypatch.setenv(VARIABLE, "wrong")
    assert "E501" in run(code=1).stderr


def test_a_key_is_made_with_the_password_of_a_file(folder: Path) -> None:
    (folder / "password").write_text("p")
    invoke("keygen", "new", "--password-file", "password")
    assert b"ENCRYPTED" in (folder / "new").read_bytes()
    seal.load_private_key(folder / "new", password=b"p")


@pytest.mark.parametrize("command", ["pack", "doctor"])
def test_json_is_one_object_whatever_the_module_prints(folder: Path, command: str) -> None:
    more = {"pack": ["--data", "rows.csv", "--name", "m", "--engines", "native"], "doctor": []}[command]
    done = subprocess.run(
        [sys.executable, "-m", "sealift", command, "train.py:model", *more, "--json"],
        cwd=folder, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["ok"] is True
    for text in ("printed", "written", "by a child", "at the end"):
        assert text in done.stderr
    assert [text.split(": ", 1)[1] for text in report["warnings"]] == [
        "UserWarning: the target is leaked",
        "DeprecationWarning: an old function",
    ]


def test_warnings_of_the_module_are_shown(folder: Path) -> None:
    assert "warning: train.py, line 9: UserWarning: the target is leaked\n" in pack().stderr


def test_a_module_that_exits_is_an_error(folder: Path) -> None:
    (folder / "train.py").write_text("import sys\nsys.exit(0)\n")
    assert "E308" in pack(code=1).stderr


def fields() -> dict[str, set[str]]:
    """Command → the fields that the reference gives to its JSON object."""
    text = (ROOT / "docs" / "reference" / "cli.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (`ok`.*?) \|$", text, re.MULTILINE)
    return {command: set(re.findall(r"`(\w+)`", listed)) for command, listed in rows}


def test_the_fields_of_json_are_documented(folder: Path) -> None:
    (folder / "tiny.csv").write_text("age,weight,sex\n50,70,f\n")
    calls: dict[str, list[Any]] = {
        "inspect": ["tiny.seal"],
        "verify": ["tiny.seal"],
        "predict": ["tiny.seal", "tiny.csv", "-o", "out.csv"],
        "keygen": ["new"],
        "sign": ["tiny.seal", "--key", "k"],
        "pack": ["train.py:model", "--data", "rows.csv", "--name", "m", "--engines", "native"],
        "doctor": ["train.py:model"],
        "app": ["tiny.seal", "-o", "tiny.html"],
    }
    documented = fields()
    for command, arguments in calls.items():
        done = CliRunner().invoke(app, [command, *arguments, "--json"])
        report = json.loads(done.stdout)
        if command == "app" and not report["ok"]:
            continue  # the page's program was not built here
        assert set(report) == documented[command], command
