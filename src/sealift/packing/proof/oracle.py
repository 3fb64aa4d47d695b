"""The original model as the reference: its answers by output name, without the rows that it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Output
from sealift.errors import LimitError, PackError
from sealift.frameworks import Source
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Values, picked
from sealift.warning_filters import no_warnings


@dataclass(frozen=True)
class Original:
    """A fitted model and the caller's rows.

    Attributes:
        source: the model.
        input_rows: the caller's rows.
        outputs: the outputs of the contract.
        single: the outputs whose answers have been float32 so far.
    """

    source: Source
    input_rows: InputRows
    outputs: Sequence[Output]
    single: set[str] = field(default_factory=set)

    def answer(self, X: Any) -> dict[str, npt.NDArray[Any]]:
        """The answers to rows in the caller's format; exceptions of the model are not caught."""
        with no_warnings(), np.errstate(all="ignore"):
            answers = self.source.answer(X, tuple(output.name for output in self.outputs))
            return {output.name: self._as_declared(output, answers[output.name]) for output in self.outputs}

    def answer_columns(self, columns: Mapping[str, Values]) -> dict[str, npt.NDArray[Any]]:
        """The answers to columns of plain values."""
        return self.answer(self.input_rows.built(columns))

    def tried(self, columns: Mapping[str, Values], *, wholly: bool = True) -> dict[str, npt.NDArray[Any]] | None:
        """The answers; None if the model raises. Unless `wholly`, only the first output is computed."""
        rows = self.input_rows.built(columns)  # not in the try block: an error here is not a refusal of the model
        try:
            return (self if wholly else replace(self, outputs=self.outputs[:1])).answer(rows)
        except LimitError:  # every further call of this kind would exceed it
            raise
        except Exception:  # any exception counts as a refusal
            return None

    def accepts(self, columns: Mapping[str, Values], *, wholly: bool = True) -> bool:
        """Whether the model answers these rows. Unless `wholly`, only the first output is computed."""
        return self.tried(columns, wholly=wholly) is not None

    def accepted(
        self, columns: Mapping[str, Values], *, tries: int = 400
    ) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[Any]]]:
        """Which of the rows (N,) the model answers, found by bisection, and its answers for them, from a single call.

        Rows that are not decided after `tries` calls count as refused.
        """
        count = len(next(iter(columns.values())))
        good = np.zeros(count, dtype=np.bool_)
        waiting = [(0, count)]
        while waiting and tries > 0:
            start, stop = waiting.pop()
            tries -= 1
            answers = self.tried({name: values[start:stop] for name, values in columns.items()})
            if answers is not None and stop - start == count:
                return ~good, answers
            if answers is not None:
                good[start:stop] = True
            elif stop - start > 1:
                middle = (start + stop) // 2
                waiting += [(start, middle), (middle, stop)]
        if not good.any():
            return good, {}
        return good, self.answer_columns(picked(columns, good))

    def _as_declared(self, output: Output, answer: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An answer in the dtype and shape of the contract's output."""
        if answer.dtype == np.float32:
            self.single.add(output.name)
        kind = {"float64": np.float64, "int64": np.int64, "bool": np.bool_, "string": np.object_}[output.dtype]
        answer = answer.astype(kind)
        if output.shape is not None:
            return answer
        # Libraries return a single target or feature as (N,) or as (N, 1).
        single = answer.size == len(answer)
        return answer.reshape(-1) if single and output.width is None else answer.reshape(-1, 1) if single else answer


def check_rows(original: Original) -> dict[str, npt.NDArray[Any]]:
    """The answers to the caller's own rows.

    Raises:
        PackError: E305 with the model's message when it refuses them; the error of a source that names the row.
    """
    try:
        answers = original.answer(original.input_rows.rows)
    except (LimitError, PackError):
        raise
    except Exception as error:
        raise PackError(
            "E305",
            f"The model fails on the rows given: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
            fix="Give X as for predict: with the same columns, types and order as in fit.",
        ) from error
    given, count = len(original.input_rows), len(next(iter(answers.values())))
    if given != count:
        # A text vectorizer reads a data frame as the list of its column names.
        raise PackError(
            "E305",
            f"The model gives {count} answers for {given} rows.",
            fix="For a model of strings, give its only column, X['text'], not a data frame; in a ColumnTransformer, "
            "give the column's name as a string, not as a list.",
        )
    return answers
