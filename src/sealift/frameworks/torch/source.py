"""A module as a source: it is called without gradients, and its forward is traced or exported."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError
from sealift.frameworks.base import ArrayInput, ModelPart, RowFormat, Source
from sealift.frameworks.exported import ExportedGraph
from sealift.frameworks.named_outputs import contract_name
from sealift.frameworks.torch.arguments import RESULT, Arguments, named_results
from sealift.frameworks.torch.attention import without_fast_path
from sealift.frameworks.torch.checks import check_module
from sealift.frameworks.torch.examples import as_given, first_rows, graph_dtype, invented
from sealift.frameworks.torch.export import check_random, exported_program, graph_of
from sealift.frameworks.torch.invariance import TOLERANCE, check_calls
from sealift.frameworks.torch.modules import answers_of_modules
from sealift.frameworks.torch.refusals import line_of
from sealift.frameworks.torch.trace import trace
from sealift.graph.builder import Tensor
from sealift.graph.inputs import ArrayTensor
from sealift.graph.step import NamedOutput, StepOutput, refuse
from sealift.graph.table import Table
from sealift.warning_filters import no_warnings

_CELLS = 1 << 22
"""The numbers of the inputs of one call; more rows are answered in several calls, to limit the memory."""


class ModuleSource(Source):
    """A module in evaluation mode whose arguments are arrays with one entry for each row.

    A single result (N,) or (N, k) is the output "value". Other results keep their names: a module does not state
    whether they are probabilities.
    """

    def __init__(self, model: Any, rows: Any = None) -> None:
        """Take a module.

        Args:
            model: the module.
            rows: the caller's rows, some of which are the example for the export: one array, a tuple of arrays in the
                order of forward, or a dict of arrays by its arguments. Rows of another kind, such as names of files,
                are read by a preprocessing, whose arrays the module takes.
        """
        super().__init__(model)
        self._arguments = Arguments.of(self.callable, rows)
        self._examples = None if rows is None else first_rows(self._arguments, rows)
        self._is_staged = rows is not None and self._examples is None
        if self._is_staged:
            self._arguments = Arguments.of_tokens(self.callable)
        self._exported: dict[object, ExportedGraph] = {}
        self._parts: Mapping[str, Sequence[Tensor]] = {}
        self._takes_missing = True
        self._offered: set[str] = set()

    @property
    def callable(self) -> Any:
        """The object that computes the answers."""
        return self.model

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

    @property
    def rows(self) -> RowFormat:
        """A table for a single array of one or two axes, otherwise arrays."""
        if self._is_table:
            return RowFormat("table")
        inputs = () if self._is_single else tuple(ArrayInput(name, None) for name in self._arguments.names)
        return RowFormat("arrays", arrays=inputs)

    @property
    def _is_single(self) -> bool:
        return len(self._arguments.names) == 1 and not self._arguments.by_keyword

    @cached_property
    def _is_table(self) -> bool:
        if self._is_staged or not self._is_single:
            return False
        if self._examples is None:
            return True
        (example,) = self._examples.values()
        return example.ndim < 3 and not (example.dtype.kind in "iu" and self._needs_integers(example))

    def _needs_integers(self, example: npt.NDArray[Any]) -> bool:
        """Whether the module fails on these integers as floats and answers them as they are, as an embedding does."""
        if getattr(self.callable, "training", False):
            return False  # a call would change the statistics of normalisations
        with torch.no_grad(), no_warnings():
            for rows, fits in ((example.astype(self._dtype), False), (as_given(example, self._dtype), True)):
                try:
                    self._arguments.call(self.callable, [torch.from_numpy(rows)])
                except Exception:
                    if fits:
                        return False
                else:
                    return fits
        return False

    @property
    def tolerance(self) -> float | None:
        """That of an exported float32 net: engines add the many products of a net in different orders."""
        return TOLERANCE if self._exported and self._dtype == "float32" else None

    @property
    def outputs(self) -> Collection[str]:
        """The names of the results in the contract."""
        return self._offered or {VALUE.name}

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The results of the module for the rows, in the dtype of its weights where the rows are floats."""
        arrays = self._arguments.arrays(rows)
        if not self._takes_missing and any(a.dtype.kind == "f" and np.isnan(a).any() for a in arrays.values()):
            # Operators of a graph treat NaN otherwise than PyTorch, in sorting and in maxima for example.
            raise ValueError("an exported module does not take missing values; replace them before, in training too")
        count = len(next(iter(arrays.values())))
        cells = max(1, sum(array.size for array in arrays.values()) // max(1, count))
        size = max(1, _CELLS // cells)
        parts = [
            self._results({name: array[start : start + size] for name, array in arrays.items()})
            for start in range(0, max(1, count), size)
        ]
        keys = dict(zip(self._names(parts[0]), parts[0], strict=True))
        return {name: np.concatenate([part[keys[name]] for part in parts]) for name in outputs}

    def parts(self, rows: Any) -> Sequence[ModelPart]:
        """The results of the modules within it, where it was exported."""
        arrays = self._arguments.arrays(rows)
        answers = answers_of_modules(self.callable, lambda: self._results(arrays)) if self._parts else []
        return [ModelPart(place, answer, self._parts.get(place, ())) for place, answer in answers]

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """Convert the operations of `forward` one by one where all of them are known, otherwise export the module."""
        if any(block.is_text or block.time for block in table.blocks):
            raise refuse("A module takes numbers, but X has columns of strings or dates.", "Encode them before.")
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
        return self._export(table, refused), "exported"

    def _adapt(self, table: Table) -> None:
        """Take the arguments that a preprocessing before the module computes, if it does."""
        values = [block.values for block in table.each()]
        computed = any(len(tensor.shape) > 2 and not isinstance(tensor, ArrayTensor) for tensor in values)
        if not (self._is_staged or computed):
            return
        self._is_staged = True
        if len(values) > 1 and not self._arguments.by_keyword:
            self._arguments = Arguments(table.names, by_keyword=True)
        self._examples = invented(self._arguments.names, values)

    def _traced(self, table: Table) -> StepOutput:
        rows = table.numbers() if self._is_table else table.blocks[0].values
        return StepOutput(value=_vector(trace(self.model, rows.cast(self._dtype), table.context)))

    def _export(self, table: Table, refused: PackError | None) -> StepOutput:
        if self._examples is None:
            values = [table.numbers()] if self._is_table else [block.values for block in table.each()]
            self._examples = invented(self._arguments.names, values)
        fed = self._fed(table, self._examples)
        try:
            results = self._tried(self._examples)
        except PackError as error:
            raise (refused if refused is not None and self._is_table else error) from error.__cause__
        tensors, self._parts = self._graph(fed, self._examples).placed(table, fed)
        self._takes_missing = False
        names = self._names(results)
        self._offered = set(names)
        if names == [VALUE.name]:
            return StepOutput(value=_vector(tensors[0]))
        return StepOutput(named=tuple(NamedOutput(n, _vector(t)) for n, t in zip(names, tensors, strict=True)))

    def _tried(self, examples: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The results for the example. Raises PackError E305 with the line of the user's code that fails."""
        try:
            return self._results(examples)
        except Exception as error:  # the user's forward can raise any exception
            line = line_of(error)
            raise PackError(
                "E305",
                f"The module fails on the rows given{f' in {line}' if line else ''}: {type(error).__name__}: "
                f"{' '.join(str(error).split())[:300].rstrip('.')}.",
                where=self.kind,
                fix="Give X with the shapes and dtypes that forward takes; the first axis is the rows.",
            ) from error

    def _fed(self, table: Table, examples: dict[str, npt.NDArray[Any]]) -> list[Tensor]:
        """The inputs of the graph, in the dtypes of the arguments."""
        if self._is_table:
            return [table.numbers().cast(self._dtype)]
        blocks = [block.values for block in table.each()]
        if len(blocks) != len(examples):
            raise refuse(f"It takes {len(examples)} inputs, not {len(blocks)}.", "Give an array for each of them.")
        return [
            (values if array.ndim > 1 else values.vector()).cast(graph_dtype(as_given(array, self._dtype).dtype))
            for values, array in zip(blocks, examples.values(), strict=True)
        ]

    def _graph(self, fed: Sequence[Tensor], examples: dict[str, npt.NDArray[Any]]) -> ExportedGraph:
        free = tuple(tuple(at for at, size in enumerate(t.shape) if at and size is None) for t in fed)
        if free not in self._exported:
            try:
                program = self._program([torch.from_numpy(as_given(a, self._dtype)) for a in examples.values()], free)
                check_random(program, self.kind)
            except PackError as error:
                if error.code in ("E302", "E335"):  # a net of all rows of a call is fixed to their number
                    self._check_calls(examples)
                raise
            self._check_calls(examples)
            self._exported[free] = graph_of(program, self.kind)
        return self._exported[free]

    def _check_calls(self, examples: dict[str, npt.NDArray[Any]]) -> None:
        def answer(rows: Sequence[int]) -> dict[str, npt.NDArray[Any]]:
            return self._results({name: array[rows] for name, array in examples.items()})

        check_calls(answer, len(next(iter(examples.values()))), self.kind)

    def _program(self, tensors: Sequence[torch.Tensor], free: Sequence[Sequence[int]]) -> Any:
        return exported_program(self.callable, self._arguments, tensors, free)

    def _results(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The results of one call, by the module's names for them."""
        if self._is_table:
            tensors = [torch.from_numpy(np.array(next(iter(arrays.values())), dtype=self._dtype))]
        else:
            given = [self._checked(name, array) for name, array in arrays.items()]
            tensors = [torch.from_numpy(as_given(array, self._dtype)) for array in given]
        with torch.no_grad(), without_fast_path(), no_warnings():
            result = self._arguments.call(self.callable, tensors)
        return {name: tensor.detach().numpy() for name, tensor in named_results(result).items()}

    def _checked(self, name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An array of the dtype of the example. Raises ValueError if an integer is missing."""
        example = array if self._examples is None else self._examples[name]
        if example.dtype.kind == "f" or array.dtype.kind != "f":
            return array
        if not np.isfinite(array).all():
            raise ValueError(f"{name} is an array of integers, which must not have missing values")
        return array.astype(example.dtype)

    def _names(self, results: Mapping[str, Any]) -> list[str]:
        """The names of the results in the contract, in their order."""
        if list(results) == [RESULT] and results[RESULT].ndim < 3:
            return [VALUE.name]
        return [contract_name("output" if name == RESULT else name) for name in results]


def _vector(tensor: Tensor) -> Tensor:
    """One number for each row as a vector."""
    return tensor.vector() if len(tensor.shape) == 2 and tensor.shape[1] == 1 else tensor
