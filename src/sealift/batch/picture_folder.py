"""Predict picture files into a folder: a table of answers, masks as PNG files, and boxes and masks as COCO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift import files
from sealift.batch.class_pictures import ClassPictures
from sealift.batch.coco import CocoWriter, outputs_of
from sealift.batch.job import Summary, score
from sealift.batch.pictures import PictureFiles
from sealift.errors import FileError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sealift.contract import Batch
    from sealift.runtime import SealedModel

COCO = "coco.json"
"""The name of the file with annotations in the format of COCO."""


@dataclass(frozen=True)
class PictureFolder:
    """What was written.

    Attributes:
        summary: that of the table of answers.
        coco: the file with annotations; empty for a model without boxes, masks or keypoints.
        masks: the number of PNG files with masks.
    """

    summary: Summary
    coco: str
    masks: int

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {**self.summary.as_dict(), **{key: value for key, value in asdict(self).items() if key != "summary"}}


def score_pictures(
    model: SealedModel, places: Sequence[str | Path], folder: Path, *, kind: str = "csv", **options: Any
) -> PictureFolder:
    """Predict picture files.

    Args:
        model: a loaded model with one picture as input.
        places: files, folders and patterns, as for `score`; files in `folder` are left out.
        folder: where `answers.<kind>`, `coco.json` and the folders of masks are written; it is made if it is missing.
        kind: the kind of the table: csv, tsv, jsonl, parquet or xlsx.
        options: as for `score`.

    Raises:
        FileError: E402, E410. ContractError: E104 for another model.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(folder, error) from error
    paths = [path for path in PictureFiles.of(model.contract, places).paths if not _is_within(path, folder)]
    if not paths:
        raise FileError("E410", "There are no picture files.", where=", ".join(map(str, places)),
                        fix="Check the folder or the pattern.")  # fmt: skip
    masks = ClassPictures(folder, model.contract)
    roots = [Path(place) for place in places if Path(place).is_dir()]
    manifest = model.seal.manifest
    info = {"description": f"{manifest.name} {manifest.version}", "version": manifest.version, "url": model.identity}
    with ExitStack() as stack:
        coco = None
        if outputs_of(model.contract):
            coco = CocoWriter(stack.enter_context(files.atomic(folder / COCO)), model.contract, info)
        place = 0

        def observe(batch: Batch, answers: Mapping[str, npt.NDArray[Any]]) -> None:
            nonlocal place
            row = 0
            pictures = batch.tensors[model.stages.read[0]]
            for path, picture, good in zip(paths[place:], pictures, batch.good.tolist(), strict=False):
                if good:
                    masks.add(_name(path, roots), answers, row)
                    if coco is not None:
                        height, width = (int(size) for size in picture.geometry[:2])
                        coco.add(files.as_text(path), (height, width), answers, row)
                    row += 1
            place += len(batch.good)

        summary = score(model, paths, folder / f"answers.{kind}", observe=observe, **options)
        if coco is not None:
            coco.close()
    return PictureFolder(summary, str(folder / COCO) if coco is not None else "", masks.written)


def _name(path: Path, roots: Sequence[Path]) -> str:
    """The name of a picture below the folder that was given, without its suffix."""
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root).with_suffix("").as_posix()
    return path.stem


def _is_within(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except OSError:
        return False
