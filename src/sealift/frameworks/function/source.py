"""A function of the rows as a source: it is called, and traced."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError
from sealift.frameworks.base import RowFormat, Source
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table
from sealift.tracing import trace, trace_series


class FunctionSource(Source):
    """A function whose answer is a number (N,), or several numbers (N, k), for each row.

    Attributes:
        model: the function.
    """

    def __init__(self, model: Callable[..., Any], rows: Any) -> None:
        """Take the function and the caller's rows; it is traced with a data frame if these are one."""
        super().__init__(model)
        # Dicts and mappings of columns are passed to the model as a data frame.
        dicts = isinstance(rows, list | tuple) and bool(rows) and all(isinstance(row, Mapping) for row in rows)
        self._frame = hasattr(rows, "columns") or isinstance(rows, Mapping) or dicts

    @property
    def kind(self) -> str:
        """The function's name."""
        return str(getattr(self.model, "__name__", type(self.model).__name__))

    @property
    def rows(self) -> RowFormat:
        """Columns of a table; a function does not state their names or number."""
        return RowFormat()

    @property
    def outputs(self) -> Collection[str]:
        """Only the value."""
        return {VALUE.name}

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The output of the function."""
        value = self.model(rows)
        return dict.fromkeys(outputs, np.asarray(value.toarray() if hasattr(value, "toarray") else value))

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """Call the function once with a placeholder for the rows."""
        try:
            result = trace(self.model, table, {}, frame=self._frame, vector=True)
        except PackError:
            # One column of strings is a series or a list, which has other methods.
            if self._frame or [block.is_text for block in table.blocks] != [True] or table.width != 1:
                raise
            result = trace_series(self.model, table, {})
        if any(block.is_text or block.time for block in result.blocks):
            raise refuse("It gives strings or dates.", "Give numbers, for instance the number of a category.")
        value = result.numbers()
        return StepOutput(value=value.vector() if value.width == 1 else value), "traced"

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself."""
        function: Callable[..., Any] = self.model
        return function
