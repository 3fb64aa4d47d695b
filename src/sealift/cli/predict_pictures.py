"""`sealift predict` with picture files, documents, and folders of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from sealift import files


def wanted(file: Path, inputs: Sequence[str], output: str) -> bool:
    """Whether the arguments are pictures, or documents, for a model that takes them, with one file of answers."""
    from sealift.batch.documents.table import SUFFIXES as DOCUMENTS
    from sealift.batch.documents.table import text_field
    from sealift.batch.kinds import SUFFIXES
    from sealift.batch.pictures import files_at, picture_fields

    tables = {Path(place).suffix.lower() for place in inputs} & SUFFIXES.keys()
    if "-" in inputs or tables - DOCUMENTS:
        return False
    if output != "-" and Path(output).suffix.lower() not in SUFFIXES:
        return False
    from sealift import seal

    contract = seal.read(file).contract()
    if not tables and picture_fields(contract):
        return True
    # A folder without documents may have tables, which are predicted into another folder.
    return text_field(contract) is not None and any(path.suffix.lower() in DOCUMENTS for path in files_at(inputs))


def run(file: Path, inputs: Sequence[str], output: str, **options: Any) -> None:
    """Predict the pictures or documents, and print a summary. Exits with 3 when some were refused."""
    from sealift.cli import predict

    if options["on"] is not None:
        raise click.BadParameter("--on ray needs a table of rows.")
    predict.run(file, list(inputs), output, **options)


def into_folder(file: Path, inputs: Sequence[str], output: str, *, watch: bool) -> bool:
    """Whether the arguments are pictures for a model of pictures, with a folder of answers."""
    from sealift.batch.kinds import SUFFIXES
    from sealift.batch.pictures import PictureFiles, picture_fields

    is_folder = output.endswith((os.sep, "/")) or files.is_folder(output) or not Path(output).suffix
    if watch or "-" in (output, *inputs) or not is_folder:
        return False
    from sealift import seal

    contract = seal.read(file).contract()
    if len(contract.inputs) != 1 or not picture_fields(contract):
        return False
    # A folder of tables with the names of pictures is predicted table by table.
    return not any(path.suffix.lower() in SUFFIXES for path in PictureFiles.of(contract, inputs).paths)


def run_into_folder(file: Path, inputs: Sequence[str], folder: Path, **options: Any) -> None:
    """Predict the pictures, and print a summary. Exits with 3 when some were refused."""
    from sealift.batch import opened
    from sealift.batch.picture_folder import score_pictures
    from sealift.cli import console, predict
    from sealift.cli.progress_bar import ProgressBar

    for name in ("on", "processes"):
        if options[name] is not None:
            raise click.BadParameter(f"--{name} needs a table of rows.")
    chosen = {name: options[name] for name in ("keep_inputs", "ignore_extra")}
    with ExitStack() as stack:
        model = stack.enter_context(opened(file, options["seconds"], options["memory"]))
        bar = stack.enter_context(ProgressBar("Predicting"))
        done = score_pictures(
            model, inputs, folder, kind=options["format"] or "csv", keep=list(options["keep"]), progress=bar.advance,
            **chosen,
        )  # fmt: skip
    if options["as_json"]:
        console.show_json({"ok": True, **console.manifest(file, model.seal), **done.as_dict()})
    else:
        predict.say(done.summary, model.contract)
        if done.coco:
            console.say(f"annotations in {console.clean(done.coco)}")
        if done.masks:
            console.say(f"masks: {done.masks:,} PNG files in {console.clean(str(folder))}")
    if done.summary.refused:
        raise SystemExit(console.SOME_ROWS)
