"""Nothing public is undocumented."""

from __future__ import annotations

from pathlib import Path

import click

import sealift
from sealift.cli.commands import app

DOCS = Path(__file__).parents[2] / "docs" / "reference"


def test_every_command_is_in_the_reference() -> None:
    page = (DOCS / "cli.md").read_text()
    assert isinstance(app, click.Group)
    for name in app.commands:
        assert f"`sealift {name}" in page, f"docs/reference/cli.md does not tell of `sealift {name}`"


def test_every_option_has_help() -> None:
    for name, command in app.commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"sealift {name} {parameter.opts[0]} has no help"


def test_every_public_name_is_in_the_reference() -> None:
    page = (DOCS / "python.md").read_text()
    for name in sealift.__all__:
        if name != "__version__":
            assert f"sealift.{name}" in page, f"docs/reference/python.md does not describe sealift.{name}"
            assert getattr(sealift, name).__doc__
