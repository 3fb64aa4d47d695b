"""`sealift export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sealift.cli import console


def run(target: str, source: Path, output: Path, *, force: bool, as_json: bool, **options: Any) -> None:
    """Write the files of a target, and list them."""
    from sealift.export import ExportOptions, export

    made = export(target, source, output, ExportOptions(**options), force=force)
    if as_json:
        console.show_json(
            {
                "ok": True,
                "target": target,
                "name": made.name,
                "output": str(made.folder),
                "files": list(made.files),
                "models": list(made.models),
                "notes": list(made.notes),
            }
        )
        return
    for model in made.models:
        console.say(
            f"{console.clean(model['name'])} {console.clean(model['version'])}  identity {model['identity'][:12]}…"
        )
    for file in made.files:
        console.say(f"  {console.clean(made.folder / file)}")
    for note in made.notes:
        console.say(f"Note: {console.clean(note)}")
