"""Predict a chunk of a table file: the columns of its answers, and the problems of its rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from sealift.batch.chunks import Chunk, OutputColumn, Renderer
from sealift.contract import Batch, Cautions, CellReader, Contract, Field, Problem, cautions
from sealift.contract.outputs import output_kind

if TYPE_CHECKING:
    from sealift.runtime import SealedModel

MAX_LISTED = 1000


@dataclass
class ChunkAnswers:
    """The result of a chunk: the columns to write, or their text, the counts, the checked rows and their answers.

    `line` is what a journal notes about the chunk; `resumed`: whether the answers are those of a former run.
    """

    columns: Sequence[Sequence[Any] | npt.NDArray[Any]]
    count: int
    refused: int
    problems: Sequence[Problem]
    cautions: Sequence[Cautions]
    batch: Batch | None = None
    answers: Mapping[str, npt.NDArray[Any]] = dataclasses.field(default_factory=dict)
    text: bytes = b""
    line: Mapping[str, Any] | None = None
    resumed: bool = False

    def rendered(self, writer: Renderer) -> ChunkAnswers:
        """The same, with the rendered text in place of the columns."""
        self.text, self.columns = writer.rendered(self.columns), ()
        return self

    def unobserved(self) -> ChunkAnswers:
        """The same without the rows and their answers, whose memory is then free."""
        self.batch, self.answers = None, {}
        return self

    def listed(self) -> ChunkAnswers:
        """The same, with lists in place of arrays."""
        self.columns = [column.tolist() if isinstance(column, np.ndarray) else column for column in self.columns]
        return self


def answer_columns(contract: Contract, name: str) -> Iterator[OutputColumn]:
    """The columns of an output in a file of answers."""
    output = contract.output(name)
    for column in output_kind(output).columns(output):
        yield OutputColumn(column.name, cast("Any", column.dtype))


def answers_of(model: SealedModel, piece: Chunk, keep: Sequence[str], first: int) -> ChunkAnswers:
    """Predict a chunk whose first row has the number `first`; the columns have one entry for each record."""
    contract = model.contract
    columns = {field.name: typed_column(piece, field) for field in contract.inputs}
    batch = model.encoded(columns, first_row=0)
    counts = no_cautions(contract)
    good = batch.only_good()
    cautions(contract, good, counts)
    for _, field_index, note in model.stages.cautions(good):
        counts[field_index].note(note)
    for name, note in piece.notes:
        counts[contract.index[name]].note(note)
    sound = np.arange(piece.count) if piece.sound is None else piece.sound
    where = sound[batch.good]
    problems = [dataclasses.replace(p, row=first + int(sound[p.row])) for p in batch.problems]
    if piece.faults:
        problems = sorted([*problems, *piece.faults], key=lambda problem: problem.row)
    errors = [""] * piece.count
    for problem in problems:
        message = f"[{problem.code}] {problem.message}"
        at = problem.row - first
        errors[at] = f"{errors[at]} {message}" if errors[at] else message
    answers = model.answer(batch) if len(where) else {}
    kept = [_spread(piece.columns[name], sound, piece.count) for name in dict.fromkeys(keep)]
    results = [
        _spread(values, where, piece.count)
        for output in contract.outputs
        for values in _split(contract, output.name, answers.get(output.name))
    ]
    written = [range(first, first + piece.count), *kept, *results, errors]
    return ChunkAnswers(written, piece.count, piece.count - len(where), problems[:MAX_LISTED], counts, batch, answers)


def typed_column(piece: Chunk, field: Field) -> Sequence[Any] | npt.NDArray[Any]:
    """The values of a field in a chunk, for `SealedModel.encoded`."""
    column = piece.columns[field.name]
    if isinstance(column, np.ndarray):
        return column
    if piece.cells == "none":
        # A kept decimal keeps its digits; as an input it is converted to a double.
        number = field.type.feeds == "number" and any(type(value) is Decimal for value in column)
        return [float(value) if type(value) is Decimal else value for value in column] if number else column
    reader = CellReader.of(field)
    if piece.cells == "all":
        return reader.column(cast("Sequence[str]", column))
    # A workbook has numbers and strings; a value that means missing may be either.
    return [
        reader.cell(cell) if isinstance(cell, str) else None if cell is None or reader.is_missing_number(cell) else cell
        for cell in column
    ]


def _split(contract: Contract, name: str, array: npt.NDArray[Any] | None) -> Iterator[Sequence[Any] | npt.NDArray[Any]]:
    """One sequence for each column of an output; empty ones when no row was good."""
    output = contract.output(name)
    kind = output_kind(output)
    if array is None:
        yield from ([()] * len(kind.columns(output)))
    else:
        yield from kind.split(output, array)


def _spread(
    values: Sequence[Any] | npt.NDArray[Any], where: npt.NDArray[np.intp], count: int
) -> Sequence[Any] | npt.NDArray[Any]:
    """`values` at the positions `where` of `count` entries, None elsewhere."""
    if len(values) == count:
        return values
    spread: list[Any] = [None] * count
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    for at, value in zip(where.tolist(), plain, strict=True):
        spread[at] = value
    return spread


def no_cautions(contract: Contract) -> list[Cautions]:
    """Cautions for each input, with all counts 0."""
    return [Cautions(field.name) for field in contract.inputs]
