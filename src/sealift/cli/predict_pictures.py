"""`sealift predict` with picture files and folders of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click


def wanted(file: Path, inputs: Sequence[str], output: str) -> bool:
    """Whether the arguments are pictures for a model of pictures, with one file of answers."""
    from sealift.batch.kinds import SUFFIXES
    from sealift.batch.pictures import picture_fields

    if any(Path(place).suffix.lower() in SUFFIXES or place == "-" for place in inputs):
        return False
    if output != "-" and Path(output).suffix.lower() not in SUFFIXES:
        return False
    from sealift import seal

    return bool(picture_fields(seal.read(file).contract()))


def run(file: Path, inputs: Sequence[str], output: str, **options: Any) -> None:
    """Predict the pictures, and print a summary. Exits with 3 when some were refused."""
    from sealift.cli import predict

    if options["on"] is not None:
        raise click.BadParameter("--on ray needs a table of rows.")
    predict.run(file, list(inputs), output, **options)
