"""Summaries of one column in which no single record can be recognised.

Three rules, after the handbooks of statistical disclosure control (Hundepool et al., 2012, ch. 3–5): every number
stands for at least `SMALL` records, extremes are cut off, and values are rounded to a coarse grid.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

SMALL = 5
"""The minimum number of records behind each reported number; smaller counts are not reported."""

_LEVELS = 21
_FEW = 4 * SMALL
_DISCRETE = 20
_HUGE = 1e300


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    Attributes:
        quantiles: values at evenly spaced probabilities from `tail` to 1 − `tail`, ascending, on a coarse grid;
            empty if fewer than `SMALL` records have a number: then nothing is reported of them.
        tail: the probability that is cut off at each end.
        values: the frequent values if the column has few distinct values, else empty.
        shares: their shares, to two decimals.
        missing: the share of missing values, to two decimals.
        whole: whether all values were whole numbers.
    """

    quantiles: tuple[float, ...]
    tail: float
    values: tuple[float, ...]
    shares: tuple[float, ...]
    missing: float
    whole: bool

    @property
    def size(self) -> int:
        """One: the number of values in a cell."""
        return 1

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lowest and the highest reported quantile; None where nothing is reported."""
        return (self.quantiles[0], self.quantiles[-1]) if self.quantiles else None

    @property
    def typical(self) -> float | None:
        """The most frequent of the listed values, else the median; None where nothing is reported."""
        if self.values:
            return self.values[int(np.argmax(self.shares))]
        return self.quantiles[len(self.quantiles) // 2] if self.quantiles else None

    def thinned(self) -> Numbers:
        """The same summary with every second quantile."""
        return replace(self, quantiles=self.quantiles[::2])

    def at(self, probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The inverse distribution function at `probability` (N,) in [0, 1]; −1 to 1 if nothing is reported."""
        if self.values:
            edges = np.cumsum(self.shares) / sum(self.shares)
            return np.asarray(self.values)[np.minimum(np.searchsorted(edges, probability), len(self.values) - 1)]
        line = self.quantiles or (-1.0, 1.0)
        values = np.interp(probability, np.linspace(0, 1, len(line)), line)
        if self.whole:
            return np.round(values)
        return rounded(values, grid(line[-1] - line[0], 1000))


@dataclass(frozen=True)
class Categories:
    """A column of strings: the frequent values with their shares; none for a column of mostly distinct strings."""

    values: tuple[str, ...]
    shares: tuple[float, ...]
    missing: float

    @property
    def size(self) -> int:
        """One: the number of values in a cell."""
        return 1


@dataclass(frozen=True)
class Arrays:
    """A column of arrays of equal shape.

    Attributes:
        elements: a summary of the elements.
        shape: the shape of each array.
        single: whether all elements are float32.
    """

    elements: Numbers
    shape: tuple[int, ...]
    single: bool = False

    @property
    def missing(self) -> float:
        """The share of missing arrays."""
        return self.elements.missing

    @property
    def size(self) -> int:
        """The number of elements of one array."""
        return math.prod(self.shape)

    def array(self, elements: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """An array of these elements (size,), rounded to float32 where those of the column are."""
        exact = elements.astype(np.float32).astype(np.float64) if self.single else elements
        return exact.reshape(self.shape)


@dataclass(frozen=True)
class Pictures:
    """A column of pictures: summaries of their sizes in pixels, and of their levels from 0 to 255.

    Attributes:
        height, width: the sizes.
        brightness, contrast: the mean and the standard deviation of the grey levels of a picture.
        colour: the mean difference between the largest and the smallest channel of a pixel; 0 for grey pictures.
    """

    height: Numbers
    width: Numbers
    brightness: Numbers
    contrast: Numbers
    colour: Numbers

    @property
    def missing(self) -> float:
        """The share of missing pictures."""
        return self.height.missing

    @property
    def size(self) -> int:
        """A number of values that takes as much memory and time as a picture of usual size."""
        return 10_000


Sketch: TypeAlias = Numbers | Categories | Arrays | Pictures


def sketch_numbers(column: npt.NDArray[np.float64]) -> Numbers:
    """Summarise numbers (N,) with NaN where missing; infinities are left out. Source: the module's docstring."""
    column = np.asarray(column, dtype=np.float64)
    # Beyond 1e300 the differences below would overflow.
    present = np.clip(np.sort(column[np.isfinite(column)]), -_HUGE, _HUGE)
    missing = _share(int(np.isnan(column).sum()), len(column))
    if len(present) < SMALL:
        return Numbers((), 0.0, (), (), missing, whole=False)
    whole = bool((present == np.round(present)).all())
    values, counts = np.unique(present, return_counts=True)
    kept = counts >= SMALL
    if whole and len(values) <= _DISCRETE and counts[kept].sum() >= len(present) / 2:
        shares = tuple(max(0.01, _share(int(c), len(present))) for c in counts[kept])
        frequent = tuple(float(v) for v in values[kept])
        return Numbers(
            (frequent[0], frequent[len(frequent) // 2], frequent[-1]),
            0.0,
            frequent,
            shares,
            missing,
            whole,
        )
    if len(present) < _FEW:
        return Numbers(_spread(present, whole=whole), 0.0, (), (), missing, whole)
    tail = max(SMALL / len(present), 0.01)
    # At least SMALL records lie between two adjacent quantiles.
    levels = min(_LEVELS, (len(present) - 2 * SMALL) // SMALL + 1)
    levels -= 1 - levels % 2
    raw = np.quantile(present, np.linspace(tail, 1 - tail, levels))
    step = max(grid(float(raw[-1] - raw[0]) or abs(float(raw[0])) or 1.0, 200), 1.0 if whole else 0.0)
    line = rounded(raw, step)
    line[0], line[-1] = rounded(np.array([np.floor(raw[0] / step), np.ceil(raw[-1] / step)]) * step, step)
    return Numbers(tuple(np.maximum.accumulate(line).tolist()), round(tail, 3), (), (), missing, whole)


def _spread(present: npt.NDArray[np.float64], *, whole: bool) -> tuple[float, ...]:
    """Five values around the centre of a few numbers, by medians, which extreme values do not affect."""
    centre = float(np.median(present))
    width = 1.5 * float(np.median(np.abs(present - centre))) or abs(centre) or 1.0
    step = max(grid(4 * width, 20), 1.0 if whole else 0.0)
    low, high = math.floor((centre - 2 * width) / step) * step, math.ceil((centre + 2 * width) / step) * step
    if present[0] >= 0:
        low = max(low, 0.0)
    return tuple(rounded(np.linspace(low, high, 5), step).tolist())


def sketch_arrays(arrays: Sequence[npt.NDArray[Any]], count: int) -> Arrays:
    """Summarise arrays of equal shape.

    One random element of each array is used, so that each number of the summary stands for at least `SMALL` records,
    and not for several elements of one record.

    Args:
        arrays: the arrays of the rows that have one.
        count: the number of all rows; the others count as missing.
    """
    random = np.random.Generator(np.random.PCG64(0))
    column = np.full(count, np.nan)
    for row, array in enumerate(arrays):
        column[row] = array.reshape(-1)[random.integers(array.size)]
    return Arrays(
        sketch_numbers(column), arrays[0].shape if arrays else (), bool(arrays) and all(map(_is_single, arrays))
    )


def _is_single(array: npt.NDArray[Any]) -> bool:
    with np.errstate(over="ignore"):
        return np.array_equal(array.astype(np.float32), array, equal_nan=True)


def sketch_strings(column: Sequence[Any]) -> Categories:
    """Summarise strings, None where missing."""
    present = [value for value in column if value is not None]
    counts = Counter(present)
    missing = _share(len(column) - len(present), len(column))
    frequent = sorted(value for value, count in counts.items() if count >= SMALL)
    # A column of mostly distinct strings (names, notes, identifiers) has no categories, even if a few are frequent.
    if len(counts) > max(50, len(present) // (2 * SMALL)) or sum(counts[v] for v in frequent) < len(present) / 2:
        frequent = []
    shares = tuple(max(0.01, _share(counts[value], len(present))) for value in frequent)
    return Categories(tuple(frequent), shares, missing)


def grid(spread: float, parts: int) -> float:
    """A round step (1, 2 or 5 times a power of ten) that divides `spread` into about `parts`."""
    raw = spread / parts
    if not math.isfinite(raw) or raw <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if raw <= factor * power * (1 + 1e-12))


def rounded(values: npt.NDArray[np.float64], step: float) -> npt.NDArray[np.float64]:
    """The nearest multiples of `step`, with no more decimal places than the step."""
    digits = max(0, -math.floor(math.log10(step)))
    # Python's `round` is exact, NumPy's is not; it is called once for each number of steps.
    steps, places = np.unique(np.round(np.asarray(values) / step), return_inverse=True)
    return np.array([round(value, digits) for value in (steps * step).tolist()])[places] + 0.0


def _share(count: int, total: int) -> float:
    """The share to two decimals; a share above 0 or below 1 leaves at least SMALL records on either side."""
    if total == 0 or count < SMALL:
        return 0.0
    if count == total:
        return 1.0
    return min(round(count / total, 2), math.floor(100 * max(total - SMALL, 0) / total) / 100)
