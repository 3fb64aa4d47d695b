"""Copies of sealed files in the folder of state, so that they can be loaded when the originals are gone or changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def part_of(folder: Path, file: Path) -> Path:
    """A copy of a file that has no place yet. Raises OSError; nothing is left behind then."""
    models = folder / "models"
    models.mkdir(exist_ok=True)
    part = models / f"{os.getpid()}.part"
    try:
        shutil.copyfile(file, part)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return part


def place(part: Path, identity: str) -> Path:
    """Give a copy its place, under the identity of the sealed file."""
    kept = part.with_name(f"{identity}.seal")
    part.replace(kept)
    return kept


def kept_path(folder: Path, identity: str) -> Path:
    """The place of the copy of a sealed file."""
    return folder / "models" / f"{identity}.seal"
