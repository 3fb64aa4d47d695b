"""The commands that explain: a demo, the codes of errors, and the documentation."""

from __future__ import annotations

from pathlib import Path

import click

from sealift.cli.program import FILE, command


@command("demo", "Try everything on real data.", "demo --out demo")
@click.option("--out", type=FILE, default="demo", show_default=True, help="The folder for the demo's files.")
@click.option(
    "--kind",
    type=click.Choice(["table", "image", "text"]),
    default="table",
    show_default=True,
    help="What the model reads: rows of a table, pictures or texts.",
)
def demo(out: Path, kind: str, as_json: bool) -> None:
    """Train, pack, verify, sign and use a model on real data."""
    from sealift.cli import app

    app.demo(out, kind, as_json=as_json)


@command("explain-error", "Explain an error code.", "explain-error E302")
@click.argument("code", metavar="CODE")
def explain_error(code: str, as_json: bool) -> None:
    """Explain an error code: its meaning, the usual causes, and what to do."""
    from sealift.cli import explain

    explain.run(code, as_json=as_json)


@command("docs", "Read the documentation.", "docs how-to/sign")
@click.argument("page", metavar="[PAGE]", required=False)
def docs(page: str | None, as_json: bool) -> None:
    """List the pages of the documentation, or show one of them as Markdown."""
    from sealift.cli import docs

    docs.run(page, as_json=as_json)
