"""The command line: wiring only, everything heavy is imported by the command that needs it."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `sealift` with `arguments` (the process's own by default); exits with the command's code."""
    from sealift.cli.commands import app

    app(args=None if arguments is None else list(arguments), prog_name="sealift")
