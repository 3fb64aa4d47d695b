"""`sealift optimize`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sealift.cli import console
from sealift.cli.console import clean, say


def run(
    file: Path,
    *,
    data: Path | None,
    target: str | None,
    methods: Sequence[str],
    apply: str | None,
    output: Path | None,
    sign_with: Path | None,
    password_prompt: bool,
    password_file: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Print a table of the variants of a sealed model; with `apply`, write one of them."""
    from sealift.cli.keys import open_key
    from sealift.cli.read_data import read_data
    from sealift.packing import OutputFile
    from sealift.packing.optimize import optimize

    if target is not None and data is None:
        raise click.BadParameter("--target names a column of --data; give both.", param_hint="'--target'")
    if apply is None and (output is not None or sign_with is not None):
        raise click.BadParameter("-o and --sign belong to the file that --apply METHOD writes.", param_hint="'--apply'")
    key = None
    if sign_with is not None:
        key = open_key(sign_with, password_prompt=password_prompt, password_file=password_file)
    rows, truth = (None, None) if data is None else read_data(data, target=target, drop=())
    tried = optimize(file, rows, truth, methods=list(methods or ([apply] if apply else [])) or None)
    written = None if apply is None else tried.write(apply, OutputFile(output, overwrite), sign=key)
    if as_json:
        model = {"file": str(file), "output": None if written is None else str(written)}
        console.show_json({"ok": True, **model, **tried.as_dict()})
        return
    headings, cells = tried.table()
    say(f"{len(tried.rows):,} rows compared, in {', '.join(tried.engines.values())}")
    console.table(headings, ([clean(cell) for cell in row] for row in cells), total=len(cells))
    if written is not None:
        say(f"written: {clean(written)}")
    elif tried.offered:
        say(f"write one of them: sealift optimize {clean(file)} --apply {tried.offered[0]}")
    else:
        say("No variant is offered: use the file as it is.")
