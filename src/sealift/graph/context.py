"""`ConversionContext`: one conversion, with the graph under construction and what converters report beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sealift.graph.builder import Graph
from sealift.graph.tensor import Tensor


class ConversionContext:
    """What the steps of one conversion share; each `Table` has it.

    Attributes:
        graph: the graph under construction.
        steps: the converted steps (`step.Step`) in the order in which they were finished.
        unfed_fields: the field of each column that is not fed (`table.UnfedColumn`), by the column's name.
        integer_fields: the dtype of the fields that a function computes with as integers: none may be missing or
            outside the range of the dtype.
        closed_categories: the categories of the fields for whose other values the original's answers are arbitrary, so
            that no other value is allowed.
        special_operands: operands of users' functions (N, k), and the values at which the function is discontinuous or
            has a special case.
        on_unsupported: called with the estimator, its table and the error where a step cannot be converted; returns the
            output to continue with, so that the other steps can be examined too. Without it the error is raised.
    """

    def __init__(self, on_unsupported: Callable[[Any, Any, Any], Any] | None = None) -> None:
        self.graph = Graph()
        self.on_unsupported = on_unsupported
        self.steps: list[Any] = []
        self.unfed_fields: dict[str, str] = {}
        self.integer_fields: dict[str, str] = {}
        self.closed_categories: dict[str, tuple[Any, ...]] = {}
        self.special_operands: list[tuple[Tensor, tuple[float, ...]]] = []
        self._path: list[str] = []

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Name the step that is being converted, for messages."""
        self._path.append(name)
        try:
            yield
        finally:
            self._path.pop()

    @property
    def path(self) -> str:
        """The step being converted: `Pipeline › prep (ColumnTransformer) › scale (StandardScaler)`."""
        return " › ".join(self._path)
