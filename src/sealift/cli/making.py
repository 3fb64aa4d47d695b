"""`sealift app` and `sealift demo`."""

from __future__ import annotations

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
    from sealift.demo import run

    if as_json:
        result = run(out)
        console.show_json({"ok": True, **result.as_dict()})
        return
    say("Sealift on the Wisconsin breast-cancer data")
    result = run(out, say=lambda step, told: say(f"  {console.styled(f'{step:<8}', 'strong')} {clean(told)}"))
    say()
    say("Open it with a double click, as a physician would:")
    say(f"  {clean(result.page)}")
    say("Then try:")
    for command in (
        f"sealift inspect {result.seal}",
        f"sealift verify {result.seal} --key {Path(result.seal).parent / 'demo-key.pub'}",
        f"sealift predict {result.seal} {Path(result.seal).with_suffix('.csv')} -o answers.csv",
    ):
        say(f"  {clean(command)}")
