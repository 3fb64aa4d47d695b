"""`sealift app` and `sealift demo`."""

from __future__ import annotations

from pathlib import Path

from sealift.cli import console
from sealift.cli.console import clean, say, styled

_WIDTH = 8


def page(file: Path, output: Path | None, *, handout: bool, as_json: bool) -> None:
    """Write the page, and optionally the handout."""
    from sealift.targets.app import app

    info = app(file, output, handout=handout)
    if as_json:
        console.show_json(
            {
                "ok": True,
                "file": str(file),
                "output": str(info.path),
                "size": info.size,
                "sha256": info.sha256,
                "identity": info.identity,
                "title": info.title,
                "handout": None if info.handout is None else str(info.handout),
                "limitations": list(info.limitations),
            }
        )
        return
    say(f"{clean(info.title)}: {clean(info.path)}, {info.size / 1e6:.1f} MB")
    if info.handout is not None:
        say(f"For IT security and data protection: {clean(info.handout)}")
    if info.usage:
        say(clean(info.usage))
    for sentence in info.limitations:
        say(f"Note: {clean(sentence)}")


def demo(out: Path, kind: str, *, as_json: bool) -> None:
    """Run the demo, and print what to try next."""
    from sealift.demo import run

    def step(name: str, result: str) -> None:
        say(f"{styled('ok', 'good')}  {name.ljust(_WIDTH)}  {clean(result)}")

    result = run(out, kind=kind) if as_json else run(out, kind=kind, say=step)
    if as_json:
        console.show_json({"ok": True, **result.as_dict()})
        return
    for reason in result.skipped:
        say(f"--  not checked here: {clean(reason)}")
    say(f"\n  {clean(result.page)}   open it with a double click")
    say(f"  {clean(result.seal)}")
    say(f"\nNext: sealift inspect {clean(result.seal)}")
    say(f"      sealift verify {clean(result.seal)} --key {clean(out / 'demo-key.pub')}")
    say(f"      sealift predict {clean(result.seal)} {clean(result.rows)} -o answers.xlsx")
