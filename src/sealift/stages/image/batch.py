"""Run all image stages of a contract on many rows: the tensors `pixels<k>` and `geometry<k>` (spec/IMAGE.md §4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift import files
from sealift.contract import Batch, Problem, Stage
from sealift.errors import ContractError, SealError
from sealift.stages.base import StageRun
from sealift.stages.image.problems import PictureError
from sealift.stages.image.stage import ImageStage, Prepared

Tensors: TypeAlias = Mapping[str, npt.NDArray[Any]]

_NUMBERS = 1 << 24
"""The maximum of numbers of all stages in one run of the graph, unless it has a single row."""


class ImageRun(StageRun):
    """The image stages of a contract, ready to run."""

    def __init__(self, stages: Mapping[int, Stage], names: Sequence[str]) -> None:
        """Read stages by their number. Raises ContractError E106 for a malformed one."""
        self._stages: dict[int, tuple[int, ImageStage]] = {}
        self._names, self._places = names, {name: place for place, name in enumerate(names)}
        for number, stage in stages.items():
            try:
                self._stages[number] = stage.field, ImageStage(stage.spec)
            except ValueError as error:
                raise ContractError(
                    "E106",
                    f"The image stage is malformed: {error}.",
                    where=f"stage {number}",
                    fix="See `sealift docs spec/IMAGE`.",
                ) from None

    @property
    def refuses(self) -> bool:
        """True: any file may be damaged."""
        return True

    def checked(self, batch: Batch, *, first_row: int = 1) -> Batch:
        """The batch with pictures in place of files, and a problem (R110 to R115) for each that cannot be used."""
        good, problems = batch.good.copy(), list(batch.problems)
        tensors = dict(batch.tensors)
        for field, stage in self._stages.values():
            values = tensors[f"field{field}"]
            prepared: npt.NDArray[Any] = np.empty(len(values), dtype=np.object_)
            for row, value in enumerate(values):
                # A row with a problem has no answer, so its pictures are not decoded.
                if value is None or not batch.good[row] or isinstance(value, Prepared):
                    prepared[row] = value if isinstance(value, Prepared) else None
                    continue
                try:
                    prepared[row] = stage.prepare(value)
                except PictureError as error:
                    good[row] = False
                    name = self._names[field]
                    called = f'"{files.as_text(value)}"' if isinstance(value, Path) else f'"{name}"'
                    problems.append(Problem(first_row + row, name, error.code, f"The picture {called} {error}."))
            tensors[f"field{field}"] = prepared
        problems.sort(key=lambda problem: (problem.row, self._places.get(problem.field, -1)))
        return dataclasses.replace(batch, tensors=tensors, good=good, problems=problems)

    @property
    def notes(self) -> bool:
        """Whether a stage reads DICOM, or knows the usual pictures."""
        return any(stage.decode.dicom is not None or stage.usual is not None for _, stage in self._stages.values())

    def cautions(self, tensors: Tensors) -> Iterator[tuple[int, int, str]]:
        """What is unusual in pictures that `checked` has read, and burnt-in annotations and overlays of DICOM files."""
        for field, _ in self._stages.values():
            for row, value in enumerate(tensors[f"field{field}"]):
                if isinstance(value, Prepared) and value.notes:
                    yield row, field, ", and ".join(value.notes)

    def pieces(self, tensors: Tensors) -> Iterator[Tensors]:
        """The rows in pieces of pictures of the same size, with the tensors of the stages in place of the files."""
        if all(f"pixels{number}" in tensors for number in self._stages):
            yield tensors  # computed before, by the process that holds the files
            return
        others = {name: array for name, array in tensors.items() if name not in self._fields()}
        columns = [
            [self._ready(stage, value) for value in tensors[f"field{field}"]] for field, stage in self._stages.values()
        ]
        count = len(columns[0])
        start = 0
        if not count:
            columns = [[stage.missing()] for _, stage in self._stages.values()]  # for the shapes of no rows
        while start < max(count, 1):
            sizes = [column[start].pixels.shape for column in columns]
            most = max(1, _NUMBERS // max(1, sum(int(np.prod(size)) for size in sizes)))
            end = min(start + most, count)
            for row in range(start + 1, end):
                if any(column[row].pixels.shape != size for column, size in zip(columns, sizes, strict=True)):
                    end = row
                    break
            piece: dict[str, npt.NDArray[Any]] = {name: array[start:end] for name, array in others.items()}
            for number, column in zip(self._stages, columns, strict=True):
                piece[f"pixels{number}"] = _stacked([each.pixels for each in column], start, end)
                piece[f"geometry{number}"] = _stacked([each.geometry for each in column], start, end)
            yield piece
            start = max(end, 1)

    def _fields(self) -> set[str]:
        return {f"field{field}" for field, _ in self._stages.values()}

    def _ready(self, stage: ImageStage, value: Any) -> Prepared:
        if isinstance(value, Prepared):
            return value
        if value is None:
            return stage.missing()
        try:
            return stage.prepare(value)
        except PictureError as error:
            raise SealError("E207", f"A picture {error}.", fix="Check the rows before they are predicted.") from None


def _stacked(arrays: Sequence[npt.NDArray[Any]], start: int, end: int) -> npt.NDArray[Any]:
    """Some of the arrays in one, also if there are none."""
    return np.stack(arrays[start : max(end, 1)])[: end - start]
