"""`sealift app` and `sealift demo`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sealift.cli import console
from sealift.cli.console import clean, say


def page(file: Path, output: Path, *, as_json: bool) -> None:
    """Write the page."""
    from sealift.apps import build_page

    info = build_page(file, output)
    if as_json:
        console.show_json(
            {
                "ok": True,
                "path": str(info.path),
                "size": info.size,
                "sha256": info.sha256,
                "identity": info.identity,
                "title": info.title,
            }
        )
        return
    say(f"{clean(info.title)}: {clean(info.path)}, {info.size / 1e6:.1f} MB")
    say("Open it with a double click; it needs no network, and sends nothing.")


def demo(out: Path, *, as_json: bool) -> None:
    """Run the demo."""
    # By name: the demo stands beside the commands and pulls in the training framework.
    import_module("sealift.demo").run(out, as_json=as_json)
