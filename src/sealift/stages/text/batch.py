"""Run all text stages of a contract on many rows: the tensors `terms<k>` and `counts<k>` (spec/TEXT.md §7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract import Batch, Stage, quoted
from sealift.errors import ContractError, SealError
from sealift.stages.base import StageRun
from sealift.stages.refused_strings import RefusingField, without_refused
from sealift.stages.text.shared_tables import Tables
from sealift.stages.text.stage import TextStage, is_refusing

Tensors: TypeAlias = Mapping[str, npt.NDArray[Any]]

MOST_ROW_WORK = 1 << 26
"""The maximum work of all stages together for the strings of one row (`TextStage.work`)."""

_CELLS = 1 << 16
"""The maximum number of cells of `terms<k>` in one run of the graph."""


def _unreadable(stage: TextStage, name: str, text: str) -> str:
    wanted = stage.refused_as(text)
    return wanted and f'"{name}" is {quoted(text)}, which cannot be read as {wanted}.'


class TextRun(StageRun):
    """The text stages of a contract, ready to run."""

    def __init__(self, stages: Mapping[int, Stage], columns: Mapping[int, int], names: Sequence[str]) -> None:
        """Read stages by their number. Raises ContractError E106 for a malformed one."""
        self._stages: dict[int, tuple[int, TextStage]] = {}
        self._refusing: list[RefusingField] = []
        self._places = {name: place for place, name in enumerate(names)}
        tables = Tables()
        for number, stage in stages.items():
            try:
                made = TextStage(stage.spec, tables)
            except ValueError as error:
                raise ContractError(
                    "E106",
                    f"The text stage is malformed: {error}.",
                    where=f"stage {number}",
                    fix="See `sealift docs spec/TEXT`.",
                ) from None
            self._stages[number] = columns[stage.field], made
            if is_refusing(stage) and names:
                name = names[stage.field]
                self._refusing.append(RefusingField(columns[stage.field], name, partial(_unreadable, made, name)))
        self._rows = min((stage.rows for _, stage in self._stages.values() if stage.rows is not None), default=None)
        self._most_sizes = sum(stage.sizes for _, stage in self._stages.values())

    @property
    def refuses(self) -> bool:
        """Whether a stage refuses strings that it cannot read."""
        return bool(self._refusing)

    def checked(self, batch: Batch, *, first_row: int = 1) -> Batch:
        """The batch with a problem (R108) for each string that its stage refuses (spec/TEXT.md §5a).

        A field that already has a problem gets no second one.

        Args:
            batch: checked rows of the contract that these stages are of.
            first_row: the number of the first row in messages.
        """
        return without_refused(batch, "R108", self._refusing, self._places, first_row)

    def pieces(self, tensors: Tensors) -> Iterator[Tensors]:
        """The rows in pieces that the graph can be given, with the tensors of the stages added."""
        stages, count = list(self._stages.values()), len(tensors["text"])
        start, end = 0, -1
        while end < count:
            rows: list[list[dict[int, float]]] = []
            widest = 0
            for texts in tensors["text"][start : start + (self._rows or count)]:
                self._check_work(texts)
                row = [stage.count(texts[column]) for column, stage in stages]
                widest = max([widest, *(len(counts) for counts in row)])
                if rows and (len(rows) + 1) * widest > _CELLS:
                    break
                rows.append(row)
            end = start + len(rows)
            piece = {name: array[start:end] for name, array in tensors.items()}
            for place, number in enumerate(self._stages):
                piece |= _padded(number, [row[place] for row in rows])
            yield piece
            start = end

    def _check_work(self, texts: Sequence[str]) -> None:
        """Raise SealError E207 for a row whose strings exceed the work of all stages together."""
        if max(map(len, texts)) * self._most_sizes <= MOST_ROW_WORK:
            return
        if sum(stage.work(texts[column]) for column, stage in self._stages.values()) > MOST_ROW_WORK:
            raise SealError(
                "E207",
                "The texts of a row have more terms than the format allows.",
                fix="Leave the texts out, or give them in smaller parts.",
            )


def _padded(number: int, rows: list[dict[int, float]]) -> dict[str, npt.NDArray[Any]]:
    """`terms<k>` and `counts<k>`, (N, L): each row's columns ascending, padded by −1 and 0."""
    shape = (len(rows), max([1, *(len(row) for row in rows)]))
    terms = np.full(shape, -1, dtype=np.int64)
    counts = np.zeros(shape, dtype=np.float64)
    for i, row in enumerate(rows):
        if row:
            columns = sorted(row)
            terms[i, : len(columns)] = columns
            counts[i, : len(columns)] = [row[column] for column in columns]
    return {f"terms{number}": terms, f"counts{number}": counts}
