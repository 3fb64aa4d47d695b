"""The rows that a file is compared with: in the caller's units, and in the units of every step of the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Field, Output
from sealift.contract.outputs.value import VALUE
from sealift.errors import LimitError, SealiftError
from sealift.frameworks import Conversion, Tensor
from sealift.graph.inputs import stages_of, text_fields
from sealift.graph.split_model import SplitModel
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import as_numbers
from sealift.packing.privacy.constants import intermediates, pruned
from sealift.packing.probes.probe_rows import encoded
from sealift.runtime import AnyEngine
from sealift.stages import Stages
from sealift.stats import SMALL

_CELLS = 4_000_000
_LEAST_ROWS = 2000
_WIDEST = 4096
DOUBLE, SINGLE = 1e-9, 1.2e-7
"""Relative differences up to which two numbers count as one, in float64 and where one of them was a float32."""


@dataclass(frozen=True)
class Values:
    """One column's finite values, with the statistics that show how likely a match is by chance.

    Attributes:
        column: the column (N,), NaN where missing.
        rare: the distinct values that fewer than SMALL rows have, ascending.
        low, high: the least and the greatest value.
        step: the distance of neighbouring values on the grid that all lie on; 0 where they lie on none.
        distinct: how many different values there are.
    """

    column: npt.NDArray[np.float64]
    rare: npt.NDArray[np.float64]
    low: float
    high: float
    step: float
    distinct: int

    @classmethod
    def of(cls, column: npt.NDArray[np.float64]) -> Values:
        """The values of a column (N,), NaN where missing."""
        ordered = np.sort(column[np.isfinite(column)])
        first = np.ones(len(ordered), dtype=np.bool_)
        first[1:] = ordered[1:] != ordered[:-1]
        start = np.flatnonzero(first)
        values = ordered[start]
        count = np.diff(start, append=len(ordered))
        low, high = (float(values[0]), float(values[-1])) if len(values) else (0.0, 0.0)
        return cls(column, values[count < SMALL], low, high, _step(values), len(values))

    @cached_property
    def rows(self) -> npt.NDArray[np.int32]:
        """For each rare value, the rows that have it, padded with −1, (len(rare), SMALL − 1)."""
        order = np.argsort(self.column, kind="stable")
        ordered = self.column[order]
        first, end = (np.searchsorted(ordered, self.rare, side=side)[:, np.newaxis] for side in ("left", "right"))
        places = first + np.arange(SMALL - 1)
        return np.where(places < end, order[np.minimum(places, len(order) - 1)], -1).astype(np.int32)

    def cells(self, tolerance: float) -> float:
        """How many distinguishable values lie between the minimum and the maximum."""
        return float(Ranges.of([self]).cells(tolerance)[0])

    def on_grid(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which numbers could be values of this column."""
        inside = (numbers >= self.low) & (numbers <= self.high)
        if not self.step:
            return np.asarray(inside)
        steps = (numbers - self.low) / self.step
        return np.asarray(inside & (np.abs(steps - np.round(steps)) < _GRID))


@dataclass(frozen=True)
class Ranges:
    """The statistics of several columns (n,): what `Values` has of each one, and how many rare values it has."""

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    step: npt.NDArray[np.float64]
    rare: npt.NDArray[np.float64]

    @classmethod
    def of(cls, columns: Sequence[Values]) -> Ranges:
        """Those of these columns."""
        return cls(
            *np.array([(c.low, c.high, c.step, len(c.rare)) for c in columns], dtype=np.float64).reshape(-1, 4).T
        )

    def cells(self, tolerance: float) -> npt.NDArray[np.float64]:
        """How many distinguishable values lie between the minimum and the maximum of each."""
        finest = 2 * tolerance * np.maximum(np.abs(self.low), np.abs(self.high))
        width = np.maximum(self.step, finest)
        return np.where(width == 0, 1.0, (self.high - self.low) / np.where(width == 0, 1.0, width) + 1)


_GRID = 1e-3


def _step(values: npt.NDArray[np.float64]) -> float:
    """The grid of ascending values: the smallest gap, if every other gap is a multiple of it."""
    if len(values) < 2:
        return 0.0
    gaps = np.diff(values)
    step = float(gaps.min())
    ratio = gaps / step
    return step if bool((np.abs(ratio - np.round(ratio)) < _GRID).all()) else 0.0


@dataclass(frozen=True)
class Units:
    """The rows as numbers (N, k), in the units of one place of the graph.

    Attributes:
        where: the path of the step that is given them; empty for the caller's own columns, and where no step is.
        names: the columns' names.
        values: the numbers, NaN where missing.
        single: those that may be compared one by one: NaN where a number can come from the graph itself; None where
            any of them can.
        own: whether they are the caller's columns.
        target: whether they are target values.
    """

    where: str
    names: tuple[str, ...]
    values: npt.NDArray[np.float64]
    single: npt.NDArray[np.float64] | None = None
    own: bool = False
    target: bool = False

    @property
    def named(self) -> bool:
        """Whether the columns have the names that the step knows, and numbers that may be compared one by one."""
        return bool(self.where) and self.single is not None

    @cached_property
    def columns(self) -> Sequence[Values]:
        """Each column's values, computed when they are asked for."""
        return _Columns(self.values if self.single is None else self.single)

    @property
    def extent(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Each column's least and greatest finite value; 0 where there is none."""
        values = self.values if self.single is None else self.single
        finite = np.isfinite(values)
        low = np.where(finite, values, np.inf).min(axis=0, initial=np.inf)
        high = np.where(finite, values, -np.inf).max(axis=0, initial=-np.inf)
        return np.nan_to_num(low, posinf=0.0), np.nan_to_num(high, neginf=0.0)

    @cached_property
    def varying(self) -> npt.NDArray[np.int64]:
        """The columns that do not hold one value throughout."""
        return np.flatnonzero([_varies(self.values[:, i]) for i in range(self.values.shape[1])])

    @cached_property
    def filled(self) -> npt.NDArray[np.float64]:
        """The numbers with 0 where they are not finite."""
        finite = np.isfinite(self.values).all()
        return self.values if finite else np.nan_to_num(self.values, posinf=0.0, neginf=0.0)


def _varies(column: npt.NDArray[np.float64]) -> bool:
    """Whether a column holds different numbers, with 0 where they are not finite."""
    filled = np.nan_to_num(column, posinf=0.0, neginf=0.0)  # one column, since a copy of all of them takes much memory
    return bool((filled != filled[:1]).any())


class _Columns(Sequence[Values]):
    def __init__(self, values: npt.NDArray[np.float64]) -> None:
        self._values = values
        self._known: dict[int, Values] = {}

    def __len__(self) -> int:
        return int(self._values.shape[1])

    def __getitem__(self, index: Any) -> Any:
        if index not in self._known:
            self._known[index] = Values.of(self._values[:, index])
        return self._known[index]


@dataclass(frozen=True)
class Reference:
    """Rows, and target values if they were given.

    Attributes:
        rows: how many rows there are.
        compared: how many of them are compared in the units of steps; all of them in their own.
        units: the rows in each of their units.
        strings: the values of each column of strings, with the number of rows that have them.
        labels: the target values of a classifier, likewise.
        texts: the columns of strings themselves, by the index of the field.
    """

    rows: int
    compared: int
    units: Sequence[Units]
    strings: dict[str, Counter[Any]]
    labels: Counter[Any] | None
    texts: dict[int, Sequence[Any]]

    def without_rows(self) -> Reference:
        """The same without the rows; the target values remain."""
        return replace(self, units=[units for units in self.units if units.target], strings={}, texts={})

    @property
    def targets(self) -> bool:
        """Whether target values were given."""
        return self.labels is not None or any(units.target for units in self.units)


def reference_of(input_rows: InputRows, truth: Any, conversion: Conversion, graph: SplitModel) -> Reference:
    """The reference of `input_rows`, whose true answers are `truth` (N,), (N, k) or None."""
    numbers = [column for column in input_rows.columns if column.type.feeds == "number"]
    units: list[Units] = []
    compared = len(input_rows)
    if numbers:
        values = np.empty((len(input_rows), len(numbers)))
        for i, column in enumerate(numbers):  # one by one, since all at once would hold the table twice in memory
            values[:, i] = as_numbers(column.values)
        units.append(Units("", tuple(column.name for column in numbers), values, values, own=True))
    inner, compared = _inside(input_rows, conversion, graph)
    units += inner
    labels = None
    if truth is not None:
        targets, labels = _targets(truth, conversion)
        units += targets
    texts = {i: column.values for i, column in enumerate(input_rows.columns) if column.type.feeds == "text"}
    strings = {input_rows.columns[i].name: Counter(v for v in values if v is not None) for i, values in texts.items()}
    return Reference(len(input_rows), compared, units, strings, labels, texts)


def _targets(truth: Any, conversion: Conversion) -> tuple[list[Units], Counter[Any] | None]:
    """Target values as numbers, as they are and as a step transforms them; or as labels."""
    if conversion.task not in ("regression", "transformation"):
        given = np.asarray(truth).ravel().tolist()
        # True masks and boxes are no labels.
        return [], Counter(given) if all(isinstance(value, Hashable) for value in given) else None
    try:
        values = np.asarray(truth, dtype=np.float64).reshape(len(truth), -1)
    except (TypeError, ValueError):
        return [], None
    names = tuple(f"target {i}" for i in range(values.shape[1])) if values.shape[1] > 1 else ("the target",)
    units = [Units("", names, values, values, own=True, target=True)]
    for step in conversion.steps:
        moved = step.source.learned.target(values)
        if moved is None:
            continue
        units.append(
            Units(step.path, names if moved.shape == values.shape else _numbered(moved), moved, moved, target=True)
        )
    return units, None


def _inside(input_rows: InputRows, conversion: Conversion, graph: SplitModel) -> tuple[list[Units], int]:
    """The rows in the units of the graph's inner tensors, and how many of the rows were taken."""
    candidates = intermediates(graph.proto)
    if not candidates:
        return [], len(input_rows)
    inputs = [Field(name=column.name, dtype=column.dtype, missing="allowed") for column in input_rows.columns]
    contract = Contract(
        inputs=tuple(inputs), outputs=(Output(name=VALUE.name, kind=VALUE.name, dtype="float64"),), task="regression",
        stages=conversion.stages,
    )  # fmt: skip
    try:
        tensors = encoded(contract, input_rows.values()).only_good()
        stages = Stages(stages_of(conversion.graph), text_fields(conversion.graph))
        matrices, picked, widths = _matrices(graph, list(candidates), stages, tensors)
    except LimitError:
        raise
    except (SealiftError, ValueError):
        # Rows that the graph cannot take are refused elsewhere with the reason. Tensors of texts of different lengths
        # cannot be joined; such rows have no numbers.
        return [], 0
    paths = _paths(conversion)
    gaps = np.ones(len(picked), dtype=np.bool_)
    if "number" in tensors:
        gaps = np.asarray(np.isnan(tensors["number"][picked]).any(axis=1))
    units = []
    for name, values in matrices.items():
        if values.shape == (len(picked), widths[name]):
            where, names = paths.get(name, ("", ()))
            if len(names) != widths[name]:
                where, names = "", _numbered(values)
            single = None
            if candidates[name] != "other":
                single = np.where(gaps[:, np.newaxis], np.nan, values) if candidates[name] == "filled" else values
            units.append(Units(where, names, values, single))
    return units, len(picked)


def _matrices(
    graph: SplitModel, names: Sequence[str], stages: Stages, tensors: dict[str, Any]
) -> tuple[dict[str, npt.NDArray[np.float64]], npt.NDArray[np.int64], dict[str, int]]:
    """The tensors that are matrices of floats with a row for each row, for as many rows as memory allows.

    Returns:
        The matrices by name, the indices of the rows, and the matrices' widths.
    """
    engine = _engine(graph, names, stages)
    count = len(next(iter(tensors.values())))
    # Two batches, since the width of some tensors depends on the rows.
    sizes = min(2, count), min(3, count)
    every = np.arange(count, dtype=np.int64)
    probes = [_run(engine, tensors, every[: sizes[0]]), _run(engine, tensors, every[-sizes[1] :])]
    widths = {
        name: array.shape[1]
        for name, array in probes[0].items()
        if array.ndim == 2 and 0 < array.shape[1] <= _WIDEST and len(array) == sizes[0]
        and probes[1][name].shape == (sizes[1], array.shape[1])
    }  # fmt: skip
    most = max(_LEAST_ROWS, _CELLS // max(sum(widths.values()), 1))
    picked = np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
    if not widths:
        return {}, picked, widths
    if len(widths) < len(names):
        engine = _engine(graph, list(widths), stages)
    return _run(engine, tensors, picked), picked, widths


def _engine(graph: SplitModel, names: Sequence[str], stages: Stages) -> AnyEngine:
    return SplitModel.of(pruned(graph.proto, names), graph.members).engine(threads=1, stages=stages)


def _run(engine: AnyEngine, tensors: dict[str, Any], rows: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
    arrays = engine.run({name: tensors[name][rows] for name in engine.inputs})
    return {
        name: _matrix(np.asarray(array, dtype=np.float64)) for name, array in arrays.items() if array.dtype.kind == "f"
    }


def _matrix(array: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return array[:, np.newaxis] if array.ndim == 1 else array


def _paths(conversion: Conversion) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The path of the innermost step that is given a tensor, and the names of its columns, by the tensor's name."""
    paths: dict[str, tuple[str, tuple[str, ...]]] = {}
    for step in conversion.steps:
        for block in step.table.blocks:
            if type(block.values) is Tensor:  # others are added to the graph only where it needs them
                paths.setdefault(block.values.name, (step.path, block.names))
    return paths


def _numbered(values: npt.NDArray[np.float64]) -> tuple[str, ...]:
    return tuple(f"column {i}" for i in range(values.shape[1]))
