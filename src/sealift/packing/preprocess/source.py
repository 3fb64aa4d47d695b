"""A net with its preprocessing as one source: rows are pictures, the graph begins with the tensor of the stage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.errors import PackError
from sealift.frameworks import RowFormat, Source, apply
from sealift.frameworks.base import ArrayInput, Learned
from sealift.graph.inputs import StagedColumn, stage_tensors
from sealift.graph.step import StepOutput
from sealift.graph.table import Block, Table
from sealift.packing.preprocess.base import Preprocessing, recognised
from sealift.runtime import Limits

_AT_ONCE = 16
"""The number of rows that the original gets at once."""


class Preprocessed:
    """A net and its preprocessing, as the model of a source."""

    def __init__(self, model: Any, preprocessing: Preprocessing) -> None:
        self.model = model
        self.preprocessing = preprocessing


class PreprocessedSource(Source):
    """The original is the user's preprocessing, followed by the user's net."""

    def __init__(self, inner: Source, preprocessing: Preprocessing) -> None:
        super().__init__(Preprocessed(inner.model, preprocessing))
        self.inner = inner
        self.preprocessing = preprocessing
        self._port, self._output = _fitting(inner, preprocessing)

    @property
    def kind(self) -> str:
        """The name of this step; the net has its own."""
        return "preprocessing"

    def check(self) -> None:
        """Raise PackError for a net that cannot predict."""
        self.inner.check()

    @property
    def rows(self) -> RowFormat:
        """One picture in each row."""
        return RowFormat(self.preprocessing.rows, columns=(self.preprocessing.field,))

    @property
    def outputs(self) -> Collection[str]:
        """Those of the net."""
        return self.inner.outputs

    @property
    def classes(self) -> npt.NDArray[Any] | None:
        """Those of the net."""
        return self.inner.classes

    @property
    def limits(self) -> Limits | None:
        """Those of the net."""
        return self.inner.limits

    @property
    def learned(self) -> Learned:
        """Of the net."""
        return self.inner.learned

    def explain(self) -> tuple[str, str] | None:
        """Of the net."""
        return self.inner.explain()

    @property
    def function(self) -> Callable[..., Any] | None:
        """That of the net."""
        return self.inner.function

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The net's answers to the arrays that the user's preprocessing computes."""
        parts: dict[str, list[npt.NDArray[Any]]] = {}
        for array in self._arrays(rows):
            for name, answer in self.inner.answer(array, outputs).items():
                parts.setdefault(name, []).append(np.asarray(answer))
        return {name: np.concatenate(answers) for name, answers in parts.items()}

    def _arrays(self, rows: Sequence[Any]) -> Iterator[npt.NDArray[Any]]:
        """Arrays (N, …) of neighbouring rows of one shape."""
        waiting: list[npt.NDArray[Any]] = []
        for value in rows:
            (array,) = self.preprocessing.original([value])[self._output]
            if waiting and (array.shape != waiting[0].shape or len(waiting) == _AT_ONCE):
                yield np.stack(waiting)
                waiting = []
            waiting.append(array)
        yield np.stack(waiting)

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """The net on the tensor of the stage."""
        (block,) = table.blocks
        assert isinstance(block.values, StagedColumn)
        stage = self.preprocessing.stage(block.values.fields[0].index)
        names = [output.name for output in stage.type.outputs_of(stage.spec)]
        tensor = stage_tensors(table.graph, stage)[names.index(self._output)]
        return apply(self.inner, table.with_blocks(Block(tensor, None, (self._port.name,)))), "own"


def with_preprocessing(source: Source, preprocess: Any) -> Source:
    """The source with the user's preprocessing; the same without one.

    Raises:
        PackError: E321 for a preprocessing that cannot be a stage, E322 where it does not fit the net, E323 for a
            random one.
    """
    return source if preprocess is None else PreprocessedSource(source, recognised(preprocess))


def _fitting(source: Source, preprocessing: Preprocessing) -> tuple[ArrayInput, str]:
    """The net's input, and the stage's output for it. Raises PackError E322."""
    rows = source.rows
    if rows.kind != "arrays":
        raise _misfit(f"A {source.kind} takes a {rows.kind}, not an array of pixels", "Give preprocess only for a net.")
    if len(rows.arrays) > 1:
        named = ", ".join(repr(item.name) for item in rows.arrays)
        raise _misfit(f"The net has several inputs ({named})", "Export it with one input, the array of pixels.")
    port = rows.arrays[0] if rows.arrays else ArrayInput("x", None)
    ((output, made),) = preprocessing.shapes.items()
    if port.shape is not None and not _agree(port.shape, made):
        wanted, given = (_spelled(shape) for shape in (port.shape, made))
        turned = len(made) == 3 and _agree(port.shape, (made[1], made[2], made[0]))
        turned = turned or (len(made) == 3 and _agree(port.shape, (made[2], made[0], made[1])))
        fix = 'Use the other layout: layout="HWC" or layout="CHW".' if turned else "Correct the size or the channels."
        raise _misfit(f"The net takes {wanted} for each row, but the preprocessing makes {given}", fix)
    return port, output


def _agree(wanted: Sequence[int | str], made: Sequence[int | None]) -> bool:
    if len(wanted) != len(made):
        return False
    return all(isinstance(want, str) or want == size for want, size in zip(wanted, made, strict=True))


def _spelled(shape: Sequence[int | str | None]) -> str:
    return f"[{', '.join('any' if size is None else str(size) for size in shape)}]"


def _misfit(what: str, fix: str) -> PackError:
    return PackError("E322", f"{what}.", where="preprocess", fix=fix)
