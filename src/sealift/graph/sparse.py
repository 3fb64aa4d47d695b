"""Wide matrices of mostly zeros, which become dense only where a step needs that."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Stage
from sealift.graph.builder import Graph, Like, Shape, Tensor, concat, where
from sealift.graph.inputs import stages_of
from sealift.stages.text import is_text, text_stage

# So many cells of dense matrices may a run of the graph fill.
_CELLS = 1 << 22


def stages_needed(graph: Graph, outputs: Iterable[Tensor]) -> tuple[Stage, ...]:
    """The stages of a graph; text stages with a limit of rows for one run where the graph makes their columns dense."""
    dense = [output.materialize() for output in outputs]
    stages = stages_of(graph)
    texts = [stage for stage in stages if is_text(stage)]
    if not texts or not dense or not any(node.op_type == "ScatterElements" for node in graph.nodes):
        return stages
    columns = sum(len(s.spec.get("vocabulary", ())) or s.spec["hash"]["columns"] for s in texts)
    rows = max(1, _CELLS // columns)
    return tuple(text_stage(s.field, {**s.spec, "rows": rows}) if is_text(s) else s for s in stages)


def absent(x: Tensor) -> Tensor:
    """The cells (N, width) of a sparse matrix that are not stored: zeros that `SparseRows` does not hold explicitly."""
    return x.absent() if isinstance(x, LazyMatrix) else x.equals(0.0)


class LazyMatrix(Tensor):
    """A matrix (N, width) that is computed in the graph only where a step needs it dense; until then it has no name."""

    def __init__(self, like: Tensor, dtype: str, width: int) -> None:
        self._dense: Tensor | None = None
        self._home = like.graph.nodes
        super().__init__(like.graph, "", dtype, (None, width))

    def materialize(self) -> Tensor:
        """The dense matrix, computed by nodes that the first call adds."""
        if self._dense is None:
            # Beside its own parts and not in the body of a loop that asks first, so that every later step can read it.
            inner, self.graph.nodes = self.graph.nodes, self._home
            try:
                self._dense = self._as_dense().materialize()
            finally:
                self.graph.nodes = inner
        return self._dense

    def affine(self, weights: npt.NDArray[Any], offset: npt.NDArray[Any]) -> Tensor:
        """`self @ weights + offset`."""
        result: Tensor = self @ weights + offset
        return result

    def beside(self, parts: Sequence[Tensor], dtype: str) -> Tensor:
        """`parts`, this one among them, side by side."""
        return JoinedMatrix([part.cast(dtype) for part in parts], dtype)

    def absent(self) -> Tensor:
        """Which cells (N, width) are not stored."""
        return self.equals(0.0)

    def _as_dense(self) -> Tensor:
        raise NotImplementedError


class SparseRows(LazyMatrix):
    """Each row as the columns it fills and their values, both (N, L).

    No column occurs twice; −1 and 0 fill the rows up.
    """

    def __init__(self, columns: Tensor, values: Tensor, width: int) -> None:
        super().__init__(values, values.dtype, width)
        self.places = columns
        self.values = values

    def filled(self) -> Tensor:
        """Where there is a value (N, L)."""
        return self.places >= 0

    def with_values(self, values: Tensor) -> SparseRows:
        """Other values in the same places."""
        return SparseRows(self.places, values, self.width)

    def cast(self, dtype: str) -> Tensor:
        """The same values as `dtype`."""
        return self if dtype == self.dtype else self.with_values(self.values.cast(dtype))

    def __matmul__(self, other: Like) -> Tensor:
        right = other if isinstance(other, Tensor) else np.asarray(other)
        if len(right.shape) != 2:
            return super().__matmul__(other)
        common = np.result_type(self.dtype, right.dtype).name
        table = right.cast(common) if isinstance(right, Tensor) else self.graph.constant(right, common)
        # The place −1 is the last row of the table, times 0.
        picked = self.places.take_from(table)
        rows: Shape = (None, None, 1)
        values = self.values.cast(common).op("Unsqueeze", np.array([2]), shape=rows)
        return (values * picked).sum(axis=1)

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The columns at `indices`, in that order."""
        wanted = np.asarray(indices, dtype=np.int64)
        if np.array_equal(wanted, np.arange(self.width)):
            return self
        if len(np.unique(wanted)) != len(wanted) or (np.diff(wanted) < 0).any():
            return super().columns(indices)
        # The last entry is for the place −1; what is not wanted goes there too.
        moved = np.full(self.width + 1, -1, dtype=np.int64)
        moved[wanted] = np.arange(len(wanted))
        places = self.places.take_from(moved)
        # Not a product with 0: the value of a column that is left out may be NaN.
        values = where(places >= 0, self.values, np.zeros(1, dtype=self.dtype))
        return SparseRows(places, values, len(wanted))

    def absent(self) -> Tensor:
        """Which cells (N, width) are not stored."""
        return SparseRows(self.places, self.filled().cast("float32"), self.width).equals(0.0)

    def __mul__(self, other: Like) -> Tensor:
        factors = _by_column(other, self.width)
        if factors is None:
            return super().__mul__(other)
        # What is 0 stays 0, at the place −1 too.
        picked = factors if factors.ndim == 0 else self.places.take_from(factors)
        return self.with_values(self.values * picked)

    def __truediv__(self, other: Like) -> Tensor:
        divisors = _by_column(other, self.width)
        if divisors is None or not divisors.all():
            return super().__truediv__(other)
        picked = divisors if divisors.ndim == 0 else self.places.take_from(divisors)
        return self.with_values(self.values / picked)

    def _as_dense(self) -> Tensor:
        if self.dtype == "bool":
            return self.with_values(self.values.cast("float32"))._as_dense().cast("bool")
        count = self.places.op("Shape", dtype="int64", shape=(1,), start=0, end=1)
        size = self.graph.add("Concat", [count, self.graph.constant(np.array([self.width]))], "int64", (2,), axis=0)
        zero = np.zeros(1, dtype=self.dtype)
        empty = size.op("ConstantOfShape", dtype=self.dtype, shape=self.shape, value=zero)
        # Adding, so that the zeros at the place −1 do no harm to the last column.
        return empty.op("ScatterElements", self.places, self.values, axis=1, reduction="add")


class StoredCells(LazyMatrix):
    """Values in the stored cells of the sparse matrix `cells`; some of them are explicit zeros, as a scaler leaves."""

    def __init__(self, values: Tensor, cells: Tensor) -> None:
        super().__init__(values, values.dtype, values.width)
        self.values = values
        self.cells = cells
        self.compute = lambda indices: StoredCells(values.only(indices), cells.only(indices))

    def __matmul__(self, other: Like) -> Tensor:
        return self.values @ other

    def __mul__(self, other: Like) -> Tensor:
        return self.values * other

    def __truediv__(self, other: Like) -> Tensor:
        return self.values / other

    def cast(self, dtype: str) -> Tensor:
        """The same values as `dtype`."""
        return self if dtype == self.dtype else StoredCells(self.values.cast(dtype), self.cells)

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The columns at `indices`, in that order."""
        return StoredCells(self.values.columns(indices), self.cells.columns(indices))

    def absent(self) -> Tensor:
        """Which cells (N, width) are not stored."""
        return absent(self.cells)

    def _as_dense(self) -> Tensor:
        return self.values


class OneHot(SparseRows):
    """Ones in the columns at `places` (N, L); −1 is none."""

    def __init__(self, places: Tensor, width: int, dtype: str = "float64") -> None:
        super().__init__(places, (places >= 0).cast(dtype), width)

    def cast(self, dtype: str) -> Tensor:
        """The same values as `dtype`."""
        return self if dtype == self.dtype else OneHot(self.places, self.width, dtype)

    def __matmul__(self, other: Like) -> Tensor:
        if isinstance(other, Tensor) or np.ndim(other) != 2:
            return super().__matmul__(other)
        weights = np.asarray(other)
        common = np.result_type(self.dtype, weights.dtype)
        # The place −1 is the last row of the table.
        table = np.vstack([weights, np.zeros((1, weights.shape[1]))]).astype(common)
        return self.places.take_from(table).sum(axis=1)

    def __gt__(self, other: Any) -> Tensor:
        same = isinstance(other, int | float) and 0 <= other < 1
        return OneHot(self.places, self.width, "bool") if same else super().__gt__(other)


class JoinedMatrix(LazyMatrix):
    """Matrices side by side, some of them lazy."""

    def __init__(self, parts: Sequence[Tensor], dtype: str) -> None:
        super().__init__(parts[0], dtype, sum(part.width for part in parts))
        self.parts = parts

        self.compute = lambda indices: self._some(indices, only=True)

    def cast(self, dtype: str) -> Tensor:
        """The same values as `dtype`."""
        return self if dtype == self.dtype else JoinedMatrix([part.cast(dtype) for part in self.parts], dtype)

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The columns at `indices`, in that order."""
        wanted = [int(i) for i in indices]
        ascending = all(before < after for before, after in itertools.pairwise(wanted))
        return self._some(wanted, only=False) if ascending else super().columns(indices)

    def _some(self, indices: list[int], *, only: bool) -> Tensor:
        """The columns at ascending `indices`, of each part its own."""
        result, start = [], 0
        wanted = np.array(indices)
        for part in self.parts:
            inner = wanted[(wanted >= start) & (wanted < start + part.width)] - start
            start += part.width
            if len(inner):
                result.append(part.only(inner) if only else part.columns(inner))
        return concat(result)

    def __mul__(self, other: Like) -> Tensor:
        factors = _by_column(other, self.width)
        return super().__mul__(other) if factors is None else self._each(lambda part, own: part * own, factors)

    def __truediv__(self, other: Like) -> Tensor:
        divisors = _by_column(other, self.width)
        if divisors is None or not divisors.all():
            return super().__truediv__(other)
        return self._each(lambda part, own: part / own, divisors)

    def __gt__(self, other: Any) -> Tensor:
        if not isinstance(other, int | float):
            return super().__gt__(other)
        return concat(part > other for part in self.parts)

    def _each(self, function: Callable[[Tensor, Any], Tensor], vector: npt.NDArray[Any]) -> Tensor:
        """`function` of each part and its own section of `vector`, side by side."""
        parts, start = [], 0
        for part in self.parts:
            parts.append(function(part, vector if vector.ndim == 0 else vector[start : start + part.width]))
            start += part.width
        return concat(parts)

    def __matmul__(self, other: Like) -> Tensor:
        if isinstance(other, Tensor) or np.ndim(other) != 2:
            return super().__matmul__(other)
        weights = np.asarray(other)
        start, total = 0, None
        for part in self.parts:
            product = part @ weights[start : start + part.width]
            start += part.width
            total = product if total is None else total + product
        assert total is not None
        return total

    def absent(self) -> Tensor:
        """Which cells (N, width) are not stored."""
        parts = [absent(part) for part in self.parts]
        return self.graph.add("Concat", parts, "bool", self.shape, axis=1)

    def _as_dense(self) -> Tensor:
        return self.graph.add("Concat", list(self.parts), self.dtype, self.shape, axis=1)


def _by_column(value: Like, width: int) -> npt.NDArray[Any] | None:
    """A finite constant for all columns, (), or one for each, (width,); None for anything else."""
    if isinstance(value, Tensor):
        return None
    array = np.asarray(value)
    if array.shape == (1, width):
        array = array[0]
    if array.shape not in ((), (width,)) or array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        return None
    return array.astype(np.float64) if array.dtype.kind != "f" else array
