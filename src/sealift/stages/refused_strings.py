"""The check of strings that stages refuse, with a problem for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sealift.contract import Batch, Problem


class RefusingField(NamedTuple):
    """A field whose stage refuses some strings.

    Attributes:
        column: its column in the tensor `text`.
        name: its name.
        message: what is wrong with a string; empty where nothing is.
    """

    column: int
    name: str
    message: Callable[[str], str]


def without_refused(
    batch: Batch, code: str, fields: Sequence[RefusingField], places: Mapping[str, int], first_row: int
) -> Batch:
    """The batch with a problem for each string that is refused. A field that already has one gets no second one.

    Args:
        batch: checked rows.
        code: the code of the problems.
        fields: the fields.
        places: the place of each field, by name, in which the problems of a row are sorted.
        first_row: the number of the first row in messages.
    """
    if not fields:
        return batch
    known = {(problem.row - first_row, problem.field) for problem in batch.problems}
    good, problems = batch.good.copy(), list(batch.problems)
    for column, name, message_of in fields:
        texts, missing = batch.tensors["text"][:, column], batch.tensors["text_missing"][:, column]
        for row in np.flatnonzero(~missing).tolist():
            message = "" if (row, name) in known else message_of(texts[row])
            if message:
                known.add((row, name))
                good[row] = False
                problems.append(Problem(first_row + row, name, code, message))
    problems.sort(key=lambda problem: (problem.row, places.get(problem.field, -1)))
    return dataclasses.replace(batch, good=good, problems=problems)
