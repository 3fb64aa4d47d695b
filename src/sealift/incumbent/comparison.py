"""`shadow_diff`: send the rows of a file to an incumbent and to a sealed model, and compare the answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.errors import ServeError
from sealift.incumbent.answers import Answers
from sealift.incumbent.causes import Cause, Sample, causes
from sealift.incumbent.link import Link
from sealift.incumbent.protocols import IncumbentProtocol, RefusedError, protocol_of
from sealift.incumbent.readings import Reading, best_reading, is_text
from sealift.incumbent.rows import RowBlock, blocks
from sealift.runtime import SealedModel
from sealift.seal import FileSource

_MOST_DIFFERING, _MOST_AGREEING = 1000, 500
"""Rows that are kept to find causes."""
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Difference:
    """A row with another answer.

    Attributes:
        row: its number in the file, from 1.
        ours: the answer of the sealed model, in the form of the incumbent.
        theirs: the answer of the incumbent.
    """

    row: int
    ours: Any
    theirs: Any


@dataclass
class ServerComparison:
    """The result of `shadow_diff`.

    Attributes:
        protocol: the incumbent's protocol.
        output: the output that is compared.
        note: how the incumbent's answers differ in form; empty where they do not.
        rows: rows that both answered.
        differing: rows with another answer.
        largest: the largest difference of numbers; 0 for labels.
        refused: rows that the sealed model refuses.
        refused_by_incumbent: rows that only the incumbent refuses.
        refusal: the first error of the incumbent.
        causes: the likely causes.
        differences: the rows with another answer, at most as many as were asked for.
    """

    protocol: str
    output: str = ""
    note: str = ""
    rows: int = 0
    differing: int = 0
    largest: float = 0.0
    refused: int = 0
    refused_by_incumbent: int = 0
    refusal: str = ""
    causes: list[Cause] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether every row that the sealed model answers has the same answer from the incumbent."""
        return self.rows > 0 and not self.differing and not self.refused_by_incumbent

    def as_dict(self) -> dict[str, Any]:
        """The result for JSON."""
        return asdict(self)


def shadow_diff(
    url: str,
    file: SealedModel | FileSource,
    rows: str | Path,
    *,
    protocol: str | None = None,
    model: str | None = None,
    output: str | None = None,
    tolerance: float = 1e-6,
    batch: int = 100,
    most: int | None = None,
    listed: int = 1000,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
    ignore_extra: bool = False,
    progress: Progress | None = None,
) -> ServerComparison:
    """Compare an incumbent server with a sealed model.

    Args:
        url: the address of the incumbent.
        file: the sealed model, in any form that `sealift.load` accepts, or loaded.
        rows: a table file, as for `sealift.score`.
        protocol: sealift, v2, tensorflow, mlflow or records; by default it is detected.
        model: the name of the incumbent's model; by default the name in the sealed file.
        output: the output to compare; by default the one by which most rows agree.
        tolerance: the difference of numbers that counts as equal, relative to their magnitude but at least 1.
        batch: rows of a request.
        most: the maximum number of rows; by default all.
        listed: the maximum number of differences in the result.
        headers: headers of each request.
        timeout: seconds of a request.
        ignore_extra: whether columns that are no inputs are ignored.
        progress: called with the number of rows so far.

    Raises:
        ServeError: E750, E752 where the incumbent cannot be reached; E753, E754 where it answers in an unknown form.
        FileError, ContractError, SealError: as `sealift.score`.
        ImportError: httpx is not installed.
    """
    from sealift.batch.job import opened

    with opened(file, None, None) as sealed, Link(url, headers or {}, timeout) as link:
        _check_output(sealed.contract, output)
        name = model or (None if protocol == "records" else sealed.name)
        asked = protocol_of(link, protocol, name)
        comparing = _Comparing(sealed, asked, output, tolerance, listed)
        for block in blocks(sealed, Path(rows), batch, ignore_extra=ignore_extra):
            comparing.add(block if most is None else _shortened(block, most - comparing.seen))
            if progress is not None:
                progress(comparing.seen)
            if most is not None and comparing.seen >= most:
                break
        return comparing.result()


class _Comparing:
    """A comparison while rows arrive."""

    def __init__(
        self, sealed: SealedModel, asked: IncumbentProtocol, output: str | None, tolerance: float, listed: int
    ) -> None:
        self._sealed, self._asked = sealed, asked
        self._output, self._tolerance, self._listed = output, tolerance, listed
        self._reading: Reading | None = None
        self._samples: list[Sample] = []
        self._kept = {True: 0, False: 0}
        self._comparison = ServerComparison(asked.name)
        self.seen = 0

    def add(self, block: RowBlock) -> None:
        """Compare the rows of a block."""
        self._comparison.refused += block.refused
        self.seen += block.refused + len(block.numbers)
        if len(block.numbers):
            self._ask(block)

    def _ask(self, block: RowBlock) -> None:
        """Ask the incumbent, and compare; where it refuses some rows, find them with few requests."""
        try:
            self._compare(block, self._asked.ask(block.columns))
        except RefusedError as error:
            if len(block.numbers) == 1:
                self._comparison.refused_by_incumbent += 1
                self._comparison.refusal = self._comparison.refusal or str(error)
                return
            half = len(block.numbers) // 2
            self._ask(_part(block, slice(0, half)))
            self._ask(_part(block, slice(half, None)))

    def result(self) -> ServerComparison:
        """The comparison, with the causes of differences."""
        if self._reading is not None and self._comparison.differing:
            sample = _joined(self._samples)
            self._comparison.causes = causes(self._sealed, self._reading, sample, self._asked.ask, self._tolerance)
        return self._comparison

    def _compare(self, block: RowBlock, theirs: Answers) -> None:
        comparison = self._comparison
        reading = self._reading or self._chosen(block, theirs)
        if reading.theirs not in theirs:
            raise _not_comparable(self._asked)
        read = ours_read, theirs_read = reading.pair(block.ours, theirs)
        if ours_read.shape != theirs_read.shape or is_text(ours_read) != is_text(theirs_read):
            raise _not_comparable(self._asked)
        differs = ~reading.agree(block.ours, theirs, self._tolerance)
        comparison.rows += len(differs)
        comparison.differing += int(differs.sum())
        if not is_text(ours_read):
            comparison.largest = max(comparison.largest, _largest(ours_read, theirs_read))
        for at in np.flatnonzero(differs).tolist()[: max(0, self._listed - len(comparison.differences))]:
            difference = Difference(int(block.numbers[at]), *(part[at : at + 1].tolist()[0] for part in read))
            comparison.differences.append(difference)
        self._keep(Sample(block.columns, block.ours, theirs, differs))

    def _chosen(self, block: RowBlock, theirs: Answers) -> Reading:
        reading = best_reading(self._sealed.contract, block.ours, theirs, self._output)
        if reading is None:
            raise _not_comparable(self._asked)
        self._reading = reading
        self._comparison.output, self._comparison.note = reading.output, reading.note
        return reading

    def _keep(self, sample: Sample) -> None:
        """Keep some differing and some agreeing rows, to find causes."""
        mask = np.zeros(len(sample.differs), dtype=np.bool_)
        for differing, most in ((True, _MOST_DIFFERING), (False, _MOST_AGREEING)):
            at = np.flatnonzero(sample.differs == differing)[: most - self._kept[differing]]
            mask[at] = True
            self._kept[differing] += len(at)
        if mask.any():
            self._samples.append(sample.part(mask))


def _check_output(contract: Contract, output: str | None) -> None:
    """Raise ServeError E754 where the contract has no such output."""
    names = [each.name for each in contract.outputs]
    if output is not None and output not in names:
        raise ServeError(
            "E754", f"The sealed model has no output {output!r:.80}.", fix=f"Use one of: {', '.join(names)}."
        )


def _not_comparable(asked: IncumbentProtocol) -> ServeError:
    return ServeError(
        "E754",
        "The answers of the incumbent have the form of no output of the sealed model.",
        where=f"protocol {asked.name}",
        fix="Check the name of the model with --model, and the output with --output.",
    )


def _largest(ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> float:
    """The largest difference; infinite where one value is NaN and the other is not."""
    if (np.isnan(ours) != np.isnan(theirs)).any():
        return math.inf
    with np.errstate(invalid="ignore"):
        apart = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
    return float(np.nan_to_num(apart, nan=0.0, posinf=math.inf).max(initial=0.0))


def _part(block: RowBlock, rows: slice) -> RowBlock:
    return RowBlock(
        block.numbers[rows],
        {name: values[rows] for name, values in block.columns.items()},
        {name: array[rows] for name, array in block.ours.items()},
        0,
    )


def _shortened(block: RowBlock, rows: int) -> RowBlock:
    if len(block.numbers) <= rows:
        return block
    return _part(block, slice(0, rows))


def _joined(samples: Sequence[Sample]) -> Sample:
    first = samples[0]
    return Sample(
        {name: [value for sample in samples for value in sample.columns[name]] for name in first.columns},
        {name: np.concatenate([sample.ours[name] for sample in samples]) for name in first.ours},
        {name: np.concatenate([sample.theirs[name] for sample in samples]) for name in first.theirs},
        np.concatenate([sample.differs for sample in samples]),
    )
