"""Answers with missing entries for bad rows, and answers as a pandas, polars or pyarrow table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract import Batch, Contract, Output, Problem
from sealift.contract.outputs import output_kind
from sealift.errors import MissingExtraError

OnError: TypeAlias = Literal["raise", "null"]
"""What `predict` does with bad rows: raise the first problem, or leave their answers missing."""

_Values: TypeAlias = "Sequence[Any] | npt.NDArray[Any]"
_Good: TypeAlias = "npt.NDArray[np.bool_] | None"
_PANDAS = {"int64": "Int64", "bool": "boolean"}  # the dtypes that can be missing
_POLARS = {"float64": "Float64", "int64": "Int64", "bool": "Boolean", "string": "String"}


class Answers(dict[str, Any]):
    """Output name → array with N entries, those of bad rows missing.

    Missing is NaN where the output is float64, else None in an array of objects.

    Attributes:
        good: bool (N,), the rows that were answered.
        problems: the problems of the other rows, by row (counted from 1) and field.
    """

    def __init__(self, batch: Batch, contract: Contract, good_answers: Mapping[str, npt.NDArray[Any]]) -> None:
        super().__init__(
            {output.name: _spread(good_answers.get(output.name), output, batch.good) for output in contract.outputs}
        )
        self.good = batch.good
        self.problems: tuple[Problem, ...] = tuple(batch.problems)

    def errors(self) -> list[str | None]:
        """For each row None, or every problem as in the column `error` of an answered file: "[R101] …"."""
        errors: list[str | None] = [None] * len(self.good)
        for problem in self.problems:
            message, before = f"[{problem.code}] {problem.message}", errors[problem.row - 1]
            errors[problem.row - 1] = message if before is None else f"{before} {message}"
        return errors


def check_on_error(on_error: str) -> None:
    """Raise ValueError unless it is one of the two values."""
    if on_error not in ("raise", "null"):
        raise ValueError(f"on_error must be 'raise' or 'null', got {on_error!r:.40}")


def as_frame(contract: Contract, answers: Mapping[str, npt.NDArray[Any]], rows: Any) -> Any:
    """Answers of N rows as a data frame with the columns of an answered file.

    Args:
        contract: the outputs.
        answers: output name → array; `Answers` get a last column `error`.
        rows: the rows that were answered. For a polars or pyarrow table the result is one of the same library, for
            other rows a pandas data frame, with the index of the rows where they have one.

    Raises:
        MissingExtraError: E405 when pandas is needed and not installed.
    """
    columns: list[tuple[str, str, _Values]] = []
    for output in contract.outputs:
        kind = output_kind(output)
        parts = zip(kind.columns(output), kind.split(output, answers[output.name]), strict=True)
        for column, values in parts:
            if kind.has_axes and isinstance(answers, Answers):
                values = [value if known else None for value, known in zip(values, answers.good.tolist(), strict=True)]  # noqa: PLW2901 -- the element is replaced
            columns.append((column.name, column.dtype, values))
    good = None
    if isinstance(answers, Answers):
        good = answers.good
        columns.append(("error", "string", answers.errors()))
    library = _library(rows)
    if library == "polars":
        return _polars(columns, good)
    if library == "pyarrow":
        return _arrow(columns, good)
    return _pandas(columns, getattr(rows, "index", None) if library == "pandas" else None)


def _spread(values: npt.NDArray[Any] | None, output: Output, good: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    sizes = output.axes if values is None else values.shape[1:]
    shape = (len(good), *(size or 1 for size in sizes))
    if output.dtype == "float64":
        whole: npt.NDArray[Any] = np.full(shape, np.nan)
    else:
        whole = np.full(shape, None, dtype=np.object_)
    if values is not None:
        whole[good] = values
    return whole


def _library(rows: Any) -> str:
    """`pandas`, `polars` or `pyarrow` where the rows are a table or a column of that library, else ''."""
    modules = {base.__module__.partition(".")[0] for base in type(rows).__mro__}
    return next((name for name in ("pandas", "polars", "pyarrow") if name in modules), "")


def _pandas(columns: Sequence[tuple[str, str, _Values]], index: Any) -> Any:
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise MissingExtraError(
            "E405",
            "A data frame of answers needs pandas, which is not installed.",
            fix="Install it with: pip install pandas. Rows of polars or pyarrow give a table of that library.",
        ) from None
    by_name = {}
    for name, dtype, values in columns:
        if isinstance(values, np.ndarray) and values.dtype == np.object_ and dtype in _PANDAS:
            by_name[name] = pandas.array(values, dtype=_PANDAS[dtype])
        else:
            by_name[name] = values
    return pandas.DataFrame(by_name, index=index)


def _polars(columns: Sequence[tuple[str, str, _Values]], good: _Good) -> Any:
    polars = sys.modules["polars"]
    series = [
        polars.Series(name, _with_none(values, good), dtype=getattr(polars, _POLARS[dtype]))
        for name, dtype, values in columns
    ]
    return polars.DataFrame(series)


def _arrow(columns: Sequence[tuple[str, str, _Values]], good: _Good) -> Any:
    arrow = sys.modules["pyarrow"]
    types = {"float64": arrow.float64(), "int64": arrow.int64(), "bool": arrow.bool_(), "string": arrow.string()}
    arrays = [arrow.array(_with_none(values, good), type=types[dtype]) for _, dtype, values in columns]
    return arrow.table(arrays, names=[name for name, _, _ in columns])


def _with_none(values: _Values, good: _Good) -> _Values:
    """The values with None where a row was not answered: in these libraries NaN is a value, not a missing one."""
    if not isinstance(values, np.ndarray):
        return values
    if values.dtype.kind == "f" and good is not None and not good.all():
        return [value if known else None for value, known in zip(values.tolist(), good.tolist(), strict=True)]
    return values if values.dtype.kind in "fib" else values.tolist()
