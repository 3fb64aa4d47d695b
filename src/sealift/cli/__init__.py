"""The command line: wiring only, everything heavy is imported by the command that needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sealift.errors import SealiftError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `sealift` with `arguments` (the process's own by default); exits with the command's code."""
    from sealift.cli import confine

    if arguments is None and confine.wanted(sys.argv[1:]):
        found = confine.supervise(_run)
        if isinstance(found, int):
            raise SystemExit(found)
        _refuse(found, as_json="--json" in sys.argv)
    _run(arguments)


def _refuse(error: SealiftError, *, as_json: bool) -> None:
    from sealift.cli import console

    def refused() -> None:
        raise error

    console.guarded(refused, as_json=as_json)


def _run(arguments: Sequence[str] | None = None) -> None:
    from sealift.cli.commands import app

    app(args=None if arguments is None else list(arguments), prog_name="sealift")
