"""A net as a source: a function of arrays whose first axis is the rows, which is called and exported."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError
from sealift.frameworks.base import ArrayInput, RowFormat, Source
from sealift.frameworks.exported import ExportedGraph
from sealift.frameworks.named_outputs import contract_name
from sealift.frameworks.nets.arguments import RESULT, Arguments
from sealift.frameworks.nets.examples import as_given, first_rows, graph_dtype, invented
from sealift.frameworks.nets.invariance import TOLERANCE, check_calls
from sealift.graph.builder import Tensor
from sealift.graph.inputs import ArrayTensor
from sealift.graph.step import NamedOutput, StepOutput, refuse
from sealift.graph.table import Table

_CELLS = 1 << 22
"""The numbers of the inputs of one call; more rows are answered in several calls, to limit the memory."""


class NetSource(Source):
    """A net in evaluation mode whose arguments are arrays with one entry for each row.

    A single result (N,) or (N, k) is the output "value". Other results keep their names: a net does not state
    whether they are probabilities.

    A subclass states how the net is called (`_function`, `_call`), in which dtype it computes (`_dtype`), how its graph
    is written (`_written`) and which line of the user's code an exception comes from (`_line_of`).
    """

    def __init__(self, model: Any, rows: Any = None) -> None:
        """Take a net.

        Args:
            model: the net.
            rows: the caller's rows, some of which are the example for the export: one array, a tuple of arrays in the
                order of its arguments, or a dict of arrays by their names. Rows of another kind, such as names of
                files, are read by a preprocessing, whose arrays the net takes.
        """
        super().__init__(model)
        self._arguments = Arguments.of(self._function, rows, self.kind)
        self._examples = None if rows is None else first_rows(self._arguments, rows)
        self._is_staged = rows is not None and self._examples is None
        if self._is_staged:
            self._arguments = Arguments.of_tokens(self._function)
        self._exported: dict[object, ExportedGraph] = {}
        self._parts: Mapping[str, Sequence[Tensor]] = {}
        self._takes_missing = True
        self._offered: set[str] = set()

    @property
    @abstractmethod
    def _function(self) -> Callable[..., Any]:
        """The function whose arguments are the net's, such as the forward of a module."""

    @property
    @abstractmethod
    def _dtype(self) -> str:
        """The dtype that the net computes in: "float32" or "float64"."""

    @abstractmethod
    def _call(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The results of one call by the net's names for them, for arrays in its dtypes."""

    @abstractmethod
    def _written(
        self, examples: Mapping[str, npt.NDArray[Any]], free: tuple[tuple[int, ...], ...], check: Callable[[], None]
    ) -> ExportedGraph:
        """The graph of the net for any number of rows.

        Args:
            examples: rows in the net's dtypes, by argument.
            free: the axes after the rows whose size may vary, for each argument.
            check: checks that the answer to a row depends neither on other rows nor on the call (E330, E331). It is
                called where a refusal of the exporter has that cause, and before the graph is returned.

        Raises:
            PackError: E330 to E335 or E302 for a net that has no such graph.
        """

    def _line_of(self, error: BaseException) -> str:
        """The line of the user's code that an exception comes from; empty if unknown."""
        del error
        return ""

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
        """Whether the net fails on these integers as floats and answers them as they are, as an embedding does."""
        name = self._arguments.names[0]
        for rows, fits in ((example.astype(self._dtype), False), (as_given(example, self._dtype), True)):
            try:
                self._call({name: rows})
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
        """The results of the net for the rows, in the dtype of its weights where the rows are floats."""
        arrays = self._arguments.arrays(rows)
        if not self._takes_missing and any(a.dtype.kind == "f" and np.isnan(a).any() for a in arrays.values()):
            # Operators of a graph treat NaN otherwise than the frameworks, in sorting and in maxima for example.
            raise ValueError("an exported net does not take missing values; replace them before, in training too")
        count = len(next(iter(arrays.values())))
        cells = max(1, sum(array.size for array in arrays.values()) // max(1, count))
        parts, start = [], 0
        for size in self._sizes(count, max(1, _CELLS // cells)):
            parts.append(self._results({name: array[start : start + size] for name, array in arrays.items()}))
            start += size
        keys = dict(zip(self._names(parts[0]), parts[0], strict=True))
        return {name: np.concatenate([part[keys[name]] for part in parts]) for name in outputs}

    def _sizes(self, count: int, most: int) -> Sequence[int]:
        """The numbers of rows of the calls that answer `count` rows, `most` at a time."""
        return [min(most, count - start) for start in range(0, max(1, count), most)]

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """Export the net behind the columns or arrays of the table."""
        self._adapt(table)
        return self._export(table), "exported"

    def _adapt(self, table: Table) -> None:
        """Take the arguments that a preprocessing before the net computes, if it does.

        Raises PackError E302 for columns of strings or dates.
        """
        if any(block.is_text or block.time for block in table.blocks):
            raise refuse("A net takes numbers, but X has columns of strings or dates.", "Encode them before.")
        values = [block.values for block in table.each()]
        computed = any(len(tensor.shape) > 2 and not isinstance(tensor, ArrayTensor) for tensor in values)
        if not (self._is_staged or computed):
            return
        self._is_staged = True
        if len(values) > 1 and not self._arguments.by_keyword:
            self._arguments = Arguments(table.names, by_keyword=True)
        self._examples = invented(self._arguments.names, values)

    def _export(self, table: Table) -> StepOutput:
        if self._examples is None:
            values = [table.numbers()] if self._is_table else [block.values for block in table.each()]
            self._examples = invented(self._arguments.names, values)
        fed = self._fed(table, self._examples)
        results = self._tried(self._examples)
        tensors, self._parts = self._graph(fed, self._examples).placed(table, fed)
        self._takes_missing = False
        names = self._names(results)
        self._offered = set(names)
        if names == [VALUE.name]:
            return StepOutput(value=vector(tensors[0]))
        return StepOutput(named=tuple(NamedOutput(n, vector(t)) for n, t in zip(names, tensors, strict=True)))

    def _tried(self, examples: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The results for the example. Raises PackError E305 with the line of the user's code that fails."""
        return self._tried_by(self._results, examples)

    def _tried_by(
        self, call: Callable[[Mapping[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]], examples: Any
    ) -> dict[str, npt.NDArray[Any]]:
        try:
            return call(examples)
        except PackError:
            raise
        except Exception as error:  # the user's code can raise any exception
            line = self._line_of(error)
            raise PackError(
                "E305",
                f"The model fails on the rows given{f' in {line}' if line else ''}: {type(error).__name__}: "
                f"{' '.join(str(error).split())[:300].rstrip('.')}.",
                where=self.kind,
                fix="Give X with the shapes and dtypes that the model takes; the first axis is the rows.",
            ) from error

    def _fed(self, table: Table, examples: Mapping[str, npt.NDArray[Any]]) -> list[Tensor]:
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

    def _graph(self, fed: Sequence[Tensor], examples: Mapping[str, npt.NDArray[Any]]) -> ExportedGraph:
        free = tuple(tuple(at for at, size in enumerate(t.shape) if at and size is None) for t in fed)
        if free not in self._exported:
            given = {name: as_given(array, self._dtype) for name, array in examples.items()}
            self._exported[free] = self._written(given, free, lambda: self._check_calls(examples))
        return self._exported[free]

    def _check_calls(self, examples: Mapping[str, npt.NDArray[Any]]) -> None:
        def answer(rows: Sequence[int]) -> dict[str, npt.NDArray[Any]]:
            return self._results({name: array[rows] for name, array in examples.items()})

        check_calls(answer, len(next(iter(examples.values()))), self.kind)

    def _results(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The results of one call, by the net's names for them."""
        return self._call(self._prepared(arrays))

    def _prepared(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Copies of arrays in the dtypes in which the net takes them."""
        if self._is_table:
            return {name: np.array(array, dtype=self._dtype) for name, array in arrays.items()}
        return {name: as_given(self._checked(name, array), self._dtype) for name, array in arrays.items()}

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


def vector(tensor: Tensor) -> Tensor:
    """One number for each row as a vector; any other tensor as it is."""
    return tensor.vector() if len(tensor.shape) == 2 and tensor.shape[1] == 1 else tensor
