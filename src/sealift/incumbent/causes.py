"""Why the incumbent answers otherwise: each cause with the number of rows that it explains."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, encode
from sealift.contract.outputs import output_kind
from sealift.errors import SealiftError
from sealift.incumbent.answers import Answers
from sealift.incumbent.hypotheses import HYPOTHESES, Columns, Hypothesis
from sealift.incumbent.patterns import Pattern, common_condition, near_ties, other_threshold
from sealift.incumbent.protocols import RefusedError
from sealift.incumbent.readings import Reading, same
from sealift.runtime import SealedModel

_ASKED_AGAIN = 20
_SHARE, _BROKEN, _CHANGED = 0.02, 0.02, 0.5
"""The share of the differing rows that a hypothesis must explain, of the others that it may contradict, and of the
differing rows that it changes that it must explain: a few rows agree by chance."""
Mask = npt.NDArray[np.bool_]
Ask = Callable[[Mapping[str, Sequence[Any]]], Answers]


@dataclass
class Sample:
    """Rows that both answered: all differing ones, up to a limit, and some of the others.

    Attributes:
        columns: input name → N values.
        ours, theirs: the answers.
        differs: which have another answer, (N,).
    """

    columns: dict[str, list[Any]]
    ours: dict[str, npt.NDArray[Any]]
    theirs: Answers
    differs: Mask

    def part(self, mask: Mask) -> Sample:
        """Some of the rows."""
        at = np.flatnonzero(mask)
        return Sample(
            {name: [values[i] for i in at.tolist()] for name, values in self.columns.items()},
            {name: array[at] for name, array in self.ours.items()},
            {name: array[at] for name, array in self.theirs.items()},
            self.differs[at],
        )


@dataclass(frozen=True)
class Cause:
    """A likely cause.

    Attributes:
        name: a stable name, for programs.
        text: a sentence for people.
        rows: the number of differing rows of the sample that it explains.
        of: the number of differing rows of the sample.
    """

    name: str
    text: str
    rows: int
    of: int


def causes(model: SealedModel, reading: Reading, sample: Sample, ask: Ask, tolerance: float) -> list[Cause]:
    """The likely causes, the most frequent ones first, and what remains unexplained.

    A change of the rows is a cause if the sealed model then answers as the incumbent does: rows that differed agree,
    and rows that agreed still do. Pairs of changes are tried where no single change explains most rows.

    Args:
        model: the sealed model.
        reading: how the answers are compared.
        sample: the rows.
        ask: a request to the incumbent, for some rows that are sent again.
        tolerance: as of the comparison.
    """
    total = int(sample.differs.sum())
    if total == 0:
        return []
    listed = list(_asked_again(reading, sample, ask, tolerance, total))
    if listed:  # nothing else can be concluded from such answers
        return listed
    left = sample.differs.copy()
    for hypotheses, explained in _explained(model, reading, sample, tolerance):
        rows = int((explained & left).sum())
        if rows >= max(1, _SHARE * total):
            text = " ".join(hypothesis.cause for hypothesis in hypotheses)
            listed.append(Cause("+".join(hypothesis.name for hypothesis in hypotheses), text, rows, total))
            left &= ~explained
    rest = int(left.sum())
    if rest:
        pattern = _pattern(model, reading, sample.part(left | ~sample.differs))
        explained_rows = 0 if pattern is None else pattern.rows
        if pattern is not None:
            listed.append(Cause(pattern.name, pattern.text, pattern.rows, total))
        if rest > explained_rows:
            text = "Another model, or another preprocessing; no known cause explains these rows."
            listed.append(Cause("unknown", text, rest - explained_rows, total))
    return sorted(listed, key=lambda cause: (cause.name == "unknown", -cause.rows))


def _asked_again(reading: Reading, sample: Sample, ask: Ask, tolerance: float, total: int) -> Iterator[Cause]:
    """Whether the answer to a row depends on the other rows of a request, or changes from request to request."""
    part = sample.part(sample.differs)
    count = min(_ASKED_AGAIN, total)
    other, changing = 0, 0
    for at in range(count):
        row = {name: [values[at]] for name, values in part.columns.items()}
        before = {name: array[at : at + 1] for name, array in part.theirs.items()}
        try:
            first, second = ask(row), ask(row)
        except (SealiftError, RefusedError):
            continue
        if set(first) != set(before) or set(second) != set(before):
            continue
        values = [reading.theirs_of(answers[reading.theirs]) for answers in (first, second, before)]
        if any(value.shape != values[0].shape for value in values):
            continue
        if not same(values[0], values[1], tolerance).all():
            changing += 1
        elif not same(values[0], values[2], tolerance).all():
            other += 1
    if changing:
        yield Cause("changing", "It answers the same row differently from request to request.", changing, count)
    elif other:
        text = "Its answer to a row depends on the other rows of the request."
        yield Cause("other-rows", text, other, count)


def _explained(
    model: SealedModel, reading: Reading, sample: Sample, tolerance: float
) -> list[tuple[tuple[Hypothesis, ...], Mask]]:
    """Hypotheses that contradict nothing, and the differing rows that each explains; the best ones first."""
    contract = _without_limits(model.contract)
    tried: list[tuple[tuple[Hypothesis, ...], Mask | None]] = [
        ((hypothesis,), _try(model, contract, reading, sample, (hypothesis,), tolerance)) for hypothesis in HYPOTHESES
    ]
    kept = [(hypotheses, mask) for hypotheses, mask in tried if mask is not None and mask.any()]
    best = max((int(mask.sum()) for _, mask in kept), default=0)
    if best < sample.differs.sum():
        possible = [hypotheses[0] for hypotheses, mask in tried if mask is not None]
        pair: tuple[Hypothesis, ...]
        for pair in permutations(possible, 2):
            mask = _try(model, contract, reading, sample, pair, tolerance)
            if mask is not None and int(mask.sum()) > best:
                kept.append((pair, mask))
    return sorted(kept, key=lambda entry: (-int(entry[1].sum()), len(entry[0])))


def _try(
    model: SealedModel,
    contract: Contract,
    reading: Reading,
    sample: Sample,
    hypotheses: tuple[Hypothesis, ...],
    tolerance: float,
) -> Mask | None:
    """The differing rows that the changes explain, (N,); None where they concern no row.

    `contract` is that of the model without limits of values.
    """
    columns: Columns = sample.columns
    for hypothesis in hypotheses:
        changed = hypothesis.apply(contract, columns)
        if changed is None or changed == columns:
            return None
        columns = changed
    batch = model.stages.checked(encode(contract, columns))
    if not batch.good.any():
        return None
    agree = np.zeros(len(sample.differs), dtype=np.bool_)
    good = np.flatnonzero(batch.good)
    theirs = {name: array[good] for name, array in sample.theirs.items()}
    agree[good] = reading.agree(model.answer(batch), theirs, tolerance)
    concerned = _changed(sample.columns, columns) & sample.differs
    if (agree & concerned).sum() < _CHANGED * concerned.sum():
        return np.zeros_like(agree)
    others = ~sample.differs
    if others.any() and float((~agree)[others].mean()) > _BROKEN:
        return np.zeros_like(agree)
    return np.asarray(agree & sample.differs)


def _changed(before: Columns, after: Columns) -> Mask:
    """The rows of which some value was changed, (N,)."""
    changed = [[a != b for a, b in zip(before[name], after[name], strict=True)] for name in before]
    return np.asarray(np.array(changed, dtype=np.bool_).any(axis=0))


def _without_limits(contract: Contract) -> Contract:
    """The contract without limits of values, which an incumbent does not know."""
    inputs = [dataclasses.replace(each, range=None, missing="allowed", unknown="allowed") for each in contract.inputs]
    return dataclasses.replace(contract, inputs=tuple(inputs))


def _pattern(model: SealedModel, reading: Reading, sample: Sample) -> Pattern | None:
    """What the remaining rows have in common."""
    output = model.contract.output(reading.output)
    wide = next((o for o in model.contract.outputs if output_kind(o).by_class and o.width is not None), None)
    if not output_kind(output).has_tolerance(output) and wide is not None:
        probabilities = sample.ours[wide.name]
        tied = near_ties(probabilities, sample.differs)
        if tied is not None and tied.rows > 0.5 * sample.differs.sum():
            return tied
        if wide.width == 2:
            ours, theirs = reading.pair(sample.ours, sample.theirs)
            second = ours[np.argmax(probabilities[:, 1])]
            threshold = other_threshold(probabilities[:, 1], np.asarray(theirs == second), sample.differs)
            if threshold is not None:
                return threshold
    return common_condition(model.contract, sample.columns, sample.differs)
