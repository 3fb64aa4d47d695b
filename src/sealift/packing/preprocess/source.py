"""A net with its preprocessing as one source: rows are pictures or texts, the graph begins with the stage's tensors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.errors import PackError
from sealift.frameworks import RowFormat, Source, apply
from sealift.frameworks.around import SourceAround
from sealift.graph.inputs import field_of, stage_tensors
from sealift.graph.step import StepOutput
from sealift.graph.table import Block, Table
from sealift.packing.preprocess.base import Preprocessing, recognised
from sealift.packing.preprocess.fitting import fitting
from sealift.stages.image.kind import KIND
from sealift.stages.image.problems import PictureError
from sealift.stages.image.stage import ImageStage

_AT_ONCE = 16
"""The number of rows that the original gets at once."""

_OF_TEXTS = 1e-4


class Preprocessed:
    """A net and its preprocessing, as the model of a source."""

    def __init__(self, model: Any, preprocessing: Preprocessing) -> None:
        self.model = model
        self.preprocessing = preprocessing


class PreprocessedSource(SourceAround):
    """The original is the user's preprocessing, followed by the user's net."""

    def __init__(self, inner: Source, preprocessing: Preprocessing) -> None:
        super().__init__(Preprocessed(inner.model, preprocessing), inner)
        self.preprocessing = preprocessing
        self._fed = fitting(inner, preprocessing)

    @property
    def kind(self) -> str:
        """The name of this step; the net has its own."""
        return "preprocessing"

    @property
    def rows(self) -> RowFormat:
        """One picture or text in each row."""
        return RowFormat(self.preprocessing.rows, columns=(self.preprocessing.field,))

    @property
    def classes(self) -> npt.NDArray[Any] | None:
        """Those of the net."""
        return self.inner.classes

    @property
    def tolerance(self) -> float | None:
        """That of the net; for texts that of a float32 net, which runs with other paddings and batches."""
        return self.inner.tolerance or (_OF_TEXTS if self.preprocessing.rows == "texts" else None)

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The net's answers to the arrays that the user's preprocessing computes.

        Raises:
            PackError: E320 for a picture that the stage refuses, if the preprocessing fails on it.
        """
        parts: dict[str, list[npt.NDArray[Any]]] = {}
        for arrays in self._arrays(rows):
            given: Any = arrays if len(arrays) > 1 else next(iter(arrays.values()))
            for name, answer in self.inner.answer(given, outputs).items():
                parts.setdefault(name, []).append(np.asarray(answer))
        return {name: _joined(answers) for name, answers in parts.items()}

    def locate(self) -> None:
        """Let the stage also compute where in the original value its numbers are."""
        self.preprocessing = self.preprocessing.located()

    def geometry(self, rows: Any) -> npt.NDArray[np.float64] | None:
        """The geometry (N, 8) of pictures, by which answers return to the original picture, or the places of tokens.

        For pictures it has the six numbers of spec/IMAGE.md §7, and the height and the width of the net's input; for
        texts (N, T, 3) the numbers of spec/TOKENIZER.md §7, where the stage computes them. None for other rows.
        """
        stage = self.preprocessing.stage(0)
        if stage.kind != KIND:
            if not any(output.locates for output in stage.type.outputs_of(stage.spec)):
                return None
            return _joined([places[None].astype(np.float64) for places in self.preprocessing.places(rows)], -1.0)
        run = ImageStage(stage.spec)
        start = 1 if run.layout == "CHW" else 0
        prepared = (run.prepare(value) for value in rows)
        return np.stack([[*one.geometry, *one.pixels.shape[start : start + 2]] for one in prepared])

    def _arrays(self, rows: Sequence[Any]) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """The arrays (N, …) of the net's inputs, of neighbouring rows of one shape."""
        waiting: list[list[npt.NDArray[Any]]] = []
        for place, value in enumerate(rows):
            try:
                made = self.preprocessing.original([value])
            except Exception as error:
                raise self._refused(value, place) or error from error
            arrays = [made[output][0] for _, output in self._fed]
            alike = not waiting or [a.shape for a in arrays] == [a.shape for a in waiting[0]]
            if not alike or len(waiting) == _AT_ONCE:
                yield self._stacked(waiting)
                waiting = []
            waiting.append(arrays)
        yield self._stacked(waiting)

    def _refused(self, value: Any, place: int) -> PackError | None:
        """Why the stage refuses a picture on which the user's preprocessing fails; None where it does not."""
        stage = self.preprocessing.stage(0)
        if stage.kind != KIND:
            return None
        try:
            ImageStage(stage.spec).prepare(value)
        except PictureError as error:
            called = f'"{value}"' if isinstance(value, Path) else f"at position {place}"
            return PackError(
                "E320",
                f"The picture {called} does not fit the preprocessing ({error.code}): it {error}.",
                fix="Leave it out of X. If such pictures are to be answered, change the preprocessing, for example "
                "with a resize before the crop.",
            )
        return None

    def _stacked(self, rows: list[list[npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
        parts = zip(*rows, strict=True)
        return {port.name: np.stack(arrays) for (port, _), arrays in zip(self._fed, parts, strict=True)}

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """The net on the tensors of the stage."""
        (block,) = table.blocks
        field = field_of(block.values)
        assert field is not None
        stage = self.preprocessing.stage(field.index)
        names = [output.name for output in stage.type.outputs_of(stage.spec)]
        tensors = stage_tensors(table.graph, stage)
        blocks = [Block(tensors[names.index(output)], None, (port.name,)) for port, output in self._fed]
        return apply(self.inner, table.with_blocks(*blocks)), "own"


def with_preprocessing(source: Source, preprocess: Any) -> Source:
    """The source with the user's preprocessing; the same without one.

    Raises:
        PackError: E321 for a preprocessing that cannot be a stage, E322 where it does not fit the net, E323 for a
            random one.
    """
    return source if preprocess is None else PreprocessedSource(source, recognised(preprocess))


def _joined(parts: Sequence[npt.NDArray[Any]], fill: float = 0.0) -> npt.NDArray[Any]:
    """Answers of several calls (N, …) as one array; texts of other lengths have answers of other sizes."""
    if len({part.shape[1:] for part in parts}) == 1 or len({part.ndim for part in parts}) > 1:
        return np.concatenate(parts)
    sizes = np.max([part.shape[1:] for part in parts], axis=0)
    whole = np.full((sum(map(len, parts)), *sizes), fill, dtype=parts[0].dtype)
    start = 0
    for part in parts:
        whole[(slice(start, start + len(part)), *map(slice, part.shape[1:]))] = part
        start += len(part)
    return whole
