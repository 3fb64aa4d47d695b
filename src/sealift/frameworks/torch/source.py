"""A module as a source: it is called without gradients, and its forward is traced or exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy.typing as npt
import torch

from sealift.errors import PackError
from sealift.frameworks.base import ModelPart
from sealift.frameworks.exported import ExportedGraph
from sealift.frameworks.nets.source import NetSource, vector
from sealift.frameworks.torch.arguments import named_results
from sealift.frameworks.torch.attention import without_fast_path
from sealift.frameworks.torch.checks import check_module
from sealift.frameworks.torch.export import check_random, exported_program, graph_of
from sealift.frameworks.torch.lightning_module import without_logging
from sealift.frameworks.torch.modules import answers_of_modules
from sealift.frameworks.torch.refusals import line_of
from sealift.frameworks.torch.trace import trace
from sealift.graph.step import StepOutput
from sealift.graph.table import Table
from sealift.warning_filters import no_warnings


class ModuleSource(NetSource):
    """A module in evaluation mode whose arguments are arrays with one entry for each row."""

    @property
    def callable(self) -> Any:
        """The object that computes the answers."""
        return self.model

    @property
    def _function(self) -> Callable[..., Any]:
        forward: Callable[..., Any] = self.callable.forward
        return forward

    def check(self) -> None:
        """Raise PackError for a module that is not ready.

        E304 in training mode or on another device, E302 for other dtypes, E334 for weights that are NaN.
        """
        check_module(self.model, self.kind)

    @property
    def _dtype(self) -> str:
        """The dtype that the module computes in: that of its weights."""
        tensors = [*self.callable.parameters(), *self.callable.buffers()]
        return "float64" if any(tensor.dtype == torch.float64 for tensor in tensors) else "float32"

    def _needs_integers(self, example: npt.NDArray[Any]) -> bool:
        if getattr(self.callable, "training", False):
            return False  # a call would change the statistics of normalisations
        return super()._needs_integers(example)

    def parts(self, rows: Any) -> Sequence[ModelPart]:
        """The results of the modules within it, where it was exported."""
        arrays = self._arguments.arrays(rows)
        answers = answers_of_modules(self.callable, lambda: self._results(arrays)) if self._parts else []
        return [ModelPart(place, answer, self._parts.get(place, ())) for place, answer in answers]

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """Convert the operations of `forward` one by one where all of them are known, otherwise export the module."""
        self._adapt(table)
        refused: PackError | None = None
        if self._is_single and self.callable is self.model:
            try:
                answer = self._traced(table)
            except PackError as error:
                refused = error
            else:
                if self._examples is not None:
                    self._tried(self._examples)
                    self._check_calls(self._examples)
                return answer, "traced"
        try:
            return self._export(table), "exported"
        except PackError as error:
            # The reason that an operation is not known states more than that rows of a wrong width fail.
            if refused is not None and self._is_table and error.code == "E305":
                raise refused from error.__cause__
            raise

    def _traced(self, table: Table) -> StepOutput:
        rows = table.numbers() if self._is_table else table.blocks[0].values
        with without_logging(self.model):
            return StepOutput(value=vector(trace(self.model, rows.cast(self._dtype), table.context)))

    def _written(
        self, examples: Mapping[str, npt.NDArray[Any]], free: tuple[tuple[int, ...], ...], check: Callable[[], None]
    ) -> ExportedGraph:
        try:
            with without_logging(self.callable):
                program = self._program([torch.from_numpy(array) for array in examples.values()], free)
            check_random(program, self.kind)
        except PackError as error:
            if error.code in ("E302", "E335"):  # a net of all rows of a call is fixed to their number
                check()
            raise
        check()
        return graph_of(program, self.kind)

    def _program(self, tensors: Sequence[torch.Tensor], free: Sequence[Sequence[int]]) -> Any:
        return exported_program(self.callable, self._arguments, tensors, free)

    def _call(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        tensors = [torch.from_numpy(array) for array in arrays.values()]
        with torch.no_grad(), without_fast_path(), without_logging(self.callable), no_warnings():
            result = self._arguments.call(self.callable, tensors)
        return {name: tensor.detach().numpy() for name, tensor in named_results(result).items()}

    def _line_of(self, error: BaseException) -> str:
        return line_of(error)
