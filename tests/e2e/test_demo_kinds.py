"""The demos on pictures and texts, as a user starts them; the one on a table is run by the tests of the wheel."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import sealift
from sealift.cli.commands import app
from sealift.demo import KINDS, run
from sealift.errors import MissingExtraError


@pytest.mark.parametrize(("kind", "rows"), [("image", 120), ("text", 200)])
def test_a_demo(kind: str, rows: int, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--kind", kind, "--out", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["skipped"] == []
    assert result["labels_equal"] == result["browser_rows"] == rows
    assert result["worst_probability"] < 1e-5
    assert result["requests"] == []
    assert result["rows_verified"] > rows
    answers = (tmp_path / f"{KINDS[kind].name}.answers.csv").read_text().splitlines()
    assert [row["error"] for row in csv.DictReader(answers)] == [""] * rows
    assert sealift.load(result["seal"]).self_test().passed
    assert Path(result["screenshot"]).stat().st_size > 10_000
    assert Path(result["rows"]).exists()


@pytest.mark.parametrize(
    ("kind", "package", "module", "extras"),
    [("table", "pandas", "pandas", "demo"), ("image", "pillow", "PIL", "demo,image"),
     ("text", "tokenizers", "tokenizers", "demo,tokenizers")],
)  # fmt: skip
def test_what_a_demo_needs(
    kind: str, package: str, module: str, extras: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as error:
        run(tmp_path / "out", kind=kind)
    assert error.value.code == "E405"
    assert error.value.what.endswith(f" {package}.")
    assert error.value.fix == f"Install them with: pip install 'sealift[{extras}]'."
    assert not (tmp_path / "out").exists()


def test_the_command_offers_every_demo() -> None:
    (kind,) = (option for option in app.commands["demo"].params if option.name == "kind")
    assert isinstance(kind.type, click.Choice)
    assert list(kind.type.choices) == list(KINDS)
