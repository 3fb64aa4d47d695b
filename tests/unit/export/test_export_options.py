"""Options of an export that other programs would not accept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import seals
from sealift.cli.commands import app
from sealift.errors import ServeError
from sealift.export.options import ExportOptions

DIGEST = "@sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("image", value) for value in ("", "a b", "x\ny", "Upper:1", "a:", "a//b", "a:b c", "-a", "a@sha256:0")),
        *(("base", value) for value in ("python\nRUN x", "$(x)")),
        *(("claim", value) for value in ("", "A", "a b", "-a", "a-", "a\n")),
        *(("cpu", value) for value in ("", "0", "abc", "-1", "2 ", "1e3", "2\n")),
        *(("memory", value) for value in ("", "0", "10XB", "2GB", "-1", "1\n")),
        *(("executable", value) for value in ("", "sealift", "/a b", "/a\nUser=root", "/a%n")),
    ],
)
def test_forms_that_are_refused(name: str, value: str) -> None:
    options: dict[str, Any] = {name: value}
    with pytest.raises(ServeError, match="E818"):
        ExportOptions(**options)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("image", value)
            for value in ("heart", "r.example:5000/ward/heart-risk:1.0_b", f"heart:1{DIGEST}", "a__b/c")
        ),
        *(("claim", value) for value in ("models", "a-1.b")),
        *(("cpu", value) for value in ("2", "0.5", "1500m", "10")),
        *(("memory", value) for value in ("512Mi", "2G", "1073741824", "64Ki")),
        ("executable", "/usr/local/bin/sealift"),
    ],
)
def test_forms_that_are_accepted(name: str, value: str) -> None:
    options: dict[str, Any] = {name: value}
    assert getattr(ExportOptions(**options), name) == value


def test_the_command_writes_nothing(tmp_path: Path) -> None:
    source = seals.write(tmp_path / "tiny.seal")
    command = ["export", "kubernetes", str(source), "-o", str(tmp_path / "out"), "--open", "--image", "a b"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "E818" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_greatest_number_of_replicas_is_at_least_the_least() -> None:
    with pytest.raises(ServeError, match="E818"):
        ExportOptions(replicas=5, most=2)
    assert ExportOptions(replicas=20).most_replicas == 20
    assert ExportOptions().most_replicas == 10
    assert ExportOptions(replicas=2, most=3).most_replicas == 3
