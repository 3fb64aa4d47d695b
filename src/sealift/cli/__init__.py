"""The command line; heavy modules are imported only by the commands that need them."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `sealift` with `arguments` (by default those of the process) and exit with its code."""
    from sealift.cli.commands import app

    app(args=None if arguments is None else list(arguments), prog_name="sealift")
