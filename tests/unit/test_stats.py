"""Sketches tell nothing that fewer than five records share; draws hang together as their sketches say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sealift.stats import SMALL, Categories, Numbers, Sketch, correlation, draw, sketch_numbers, sketch_strings
from sealift.stats.sketch import grid, rounded

RANDOM = np.random.default_rng(0)


def column(*values: float) -> npt.NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("count", range(SMALL))
def test_fewer_than_five_numbers_tell_nothing(count: int) -> None:
    sketch = sketch_numbers(np.append(RANDOM.normal(50, 5, count), np.full(20, np.nan)))
    assert sketch.quantiles == sketch.values == ()
    assert sketch.bounds is None
    assert sketch.typical is None
    assert sketch.missing <= (0.8 if count else 1.0)
    assert np.isfinite(sketch.at(np.linspace(0, 1, 5))).all()


@pytest.mark.parametrize("count", range(SMALL, 4 * SMALL))
def test_few_numbers_tell_a_coarse_middle_that_no_extreme_moves(count: int) -> None:
    values = np.arange(float(count)) * 1.2345 + 100.3
    far = np.append(values[:-1], 9.87654321e9)
    sketch, shifted = sketch_numbers(values), sketch_numbers(far)
    assert sketch.bounds is not None
    assert sketch.bounds[0] <= np.median(values) <= sketch.bounds[1]
    assert not set(sketch.quantiles) & set(values.tolist())
    assert shifted.bounds is not None
    assert max(map(abs, shifted.bounds)) < 1000


@pytest.mark.parametrize("count", [20, 21, 29, 30, 50, 99, 100, 101, 500, 5000])
@pytest.mark.parametrize("shape", ["normal", "skewed", "uniform"])
def test_each_quantile_summarises_five_records(count: int, shape: str) -> None:
    draws: dict[str, Any] = {
        "normal": RANDOM.normal(size=count),
        "skewed": np.exp(3 * RANDOM.normal(size=count)),
        "uniform": RANDOM.random(count),
    }
    values = np.sort(draws[shape])
    sketch = sketch_numbers(values)
    levels = len(sketch.quantiles)
    assert levels % 2 == 1
    assert round(sketch.tail * count + 1e-9) >= SMALL
    if levels > 1:
        assert (count - 2 * sketch.tail * count) / (levels - 1) >= SMALL - 0.1
    assert list(sketch.quantiles) == sorted(sketch.quantiles)
    # The outer ones are at least the fifth from either end, give or take the grid.
    step = grid(float(values[-SMALL] - values[SMALL - 1]), 50)
    assert sketch.quantiles[0] >= values[SMALL - 1] - step
    assert sketch.quantiles[-1] <= values[-SMALL] + step


def test_extremes_do_not_reach_the_sketch() -> None:
    values = RANDOM.normal(100, 10, 300)
    plain = sketch_numbers(values)
    for extreme in (1e6, -1e6, 1e308, -1.7e308):
        spoiled = values.copy()
        spoiled[:4] = extreme
        sketch = sketch_numbers(spoiled)
        assert sketch.bounds is not None
        assert plain.bounds is not None
        assert max(abs(a - b) for a, b in zip(sketch.bounds, plain.bounds, strict=True)) < 20


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e-3, 1.0, 1e9, 1e200, 1e299])
def test_every_magnitude(scale: float) -> None:
    values = RANDOM.normal(size=400) * scale
    sketch = sketch_numbers(values)
    assert sketch.bounds is not None
    low, high = sketch.bounds
    assert low < -scale < scale < high
    assert high - low < 8 * scale
    assert not {*sketch.quantiles} & set(values.tolist())
    assert all(len(f"{q / scale:.12g}") <= 8 for q in sketch.quantiles)


@pytest.mark.parametrize("extreme", [1.7e308, 5e-324, 0.0, -1.7e308])
def test_numbers_at_the_edge_of_double(extreme: float) -> None:
    for values in (np.full(100, extreme), np.linspace(-1, 1, 100) * extreme, np.full(10, extreme)):
        sketch = sketch_numbers(values)
        assert np.isfinite(sketch.quantiles).all()
        assert np.isfinite(sketch.at(np.linspace(0, 1, 9))).all()


def test_few_distinct_values_lose_the_rare_ones() -> None:
    values = np.repeat([0.0, 1.0, 2.0, 77.0], [60, 30, 6, 4])
    sketch = sketch_numbers(values)
    assert sketch.values == (0.0, 1.0, 2.0)
    assert sketch.shares == (0.6, 0.3, 0.06)
    assert sketch.typical == 0.0
    assert sketch.bounds == (0.0, 2.0)
    assert set(sketch.at(RANDOM.random(500)).tolist()) <= {0.0, 1.0, 2.0}
    # Where most are rare, the frequent ones would be a false picture.
    assert not sketch_numbers(np.append(np.repeat(7.0, 5), np.repeat(np.arange(10.0, 25.0), 2))).values


def test_shares_do_not_tell_small_rests() -> None:
    assert sketch_numbers(np.repeat([0.0, 1.0], [97, 3])).shares == (0.95,)
    assert sketch_numbers(np.append(np.zeros(97), np.full(3, np.nan))).missing == 0.0
    assert sketch_numbers(np.append(np.zeros(6), np.full(94, np.nan))).missing == 0.94
    assert sketch_numbers(np.append(np.zeros(2), np.full(98, np.nan))).missing == 0.95
    assert sketch_numbers(np.full(98, np.nan)).missing == 1.0
    assert sketch_strings(["a"] * 998 + ["b"] * 2).shares == (0.99,)


def test_infinities_are_neither_missing_nor_reported() -> None:
    sketch = sketch_numbers(np.append(RANDOM.normal(size=100), [np.inf] * 50 + [-np.inf] * 50))
    assert sketch.missing == 0.0
    assert np.isfinite(sketch.quantiles).all()


def test_integers_are_drawn_as_integers() -> None:
    sketch = sketch_numbers(RANDOM.integers(0, 3000, 500).astype(float))
    assert sketch.whole
    assert all(value == round(value) for value in sketch.quantiles)
    drawn = sketch.at(RANDOM.random(100))
    assert (drawn == np.round(drawn)).all()


def test_nothing_at_all() -> None:
    for values in (column(), np.full(10, np.nan)):
        assert sketch_numbers(values).bounds is None
    assert sketch_strings([]) == Categories((), (), 0.0)
    assert sketch_strings([None] * 9) == Categories((), (), 1.0)


def test_texts() -> None:
    assert sketch_strings(["b"] * 30 + ["a"] * 66 + ["rare"] * 4).values == ("a", "b")
    names = [f"name {i}" for i in range(200)]
    assert sketch_strings(names).values == ()
    # A few that recur do not make categories of a column of names.
    assert sketch_strings([*names, *["Smith"] * 9]).values == ()
    assert sketch_strings(["x"] * 3).values == ()


@pytest.mark.parametrize(
    ("spread", "parts", "step"), [(1.0, 200, 0.005), (100, 20, 5.0), (3e-7, 100, 5e-9), (7, 1, 10)]
)
def test_grid(spread: float, parts: int, step: float) -> None:
    assert math.isclose(grid(spread, parts), step)


@pytest.mark.parametrize("spread", [0.0, -1.0, math.nan, math.inf, 5e-324])
def test_grid_of_nothing(spread: float) -> None:
    assert grid(spread, 200) > 0


def test_rounded_values_are_written_short() -> None:
    assert rounded(column(0.1 + 0.2, 1 / 3, -0.001), 0.01).tolist() == [0.3, 0.33, 0.0]
    assert str(rounded(column(-1e-9), 1.0)[0]) == "0.0"


def test_draws_are_correlated() -> None:
    x = RANDOM.normal(size=2000)
    columns = [x, 3 * x + RANDOM.normal(size=2000), -np.exp(x), RANDOM.normal(size=2000)]
    matrix = correlation(columns)
    assert matrix is not None
    assert np.array_equal(matrix, np.round(matrix, 2))
    sketches = [sketch_numbers(values) for values in columns]
    drawn = np.array(draw(sketches, matrix, 3000), dtype=float)
    again = correlation(list(drawn))
    assert again is not None
    assert np.abs(again - matrix).max() < 0.1
    for values, sketch in zip(drawn, sketches, strict=True):
        assert sketch.bounds is not None
        assert sketch.bounds[0] <= values.min() <= values.max() <= sketch.bounds[1]
    assert draw(sketches, matrix, 5) == draw(sketches, matrix, 5)
    assert draw(sketches, matrix, 5) != draw(sketches, matrix, 5, seed=1)


def test_no_correlation_for_few_rows_or_many_columns() -> None:
    assert correlation([RANDOM.normal(size=49)] * 2) is None
    assert correlation([RANDOM.normal(size=60)] * 301) is None
    assert correlation([RANDOM.normal(size=60)]) is None
    assert correlation([]) is None


def test_columns_without_any_spread() -> None:
    matrix = correlation([np.zeros(60), np.full(60, np.nan), RANDOM.normal(size=60), np.full(60, np.inf)])
    assert matrix is not None
    assert np.isfinite(matrix).all()
    kinds: list[Sketch] = [
        sketch_numbers(np.zeros(60)),
        sketch_strings(["a"] * 60),
        sketch_strings([f"{i}" for i in range(60)]),
    ]
    zeros, same, free = draw(kinds, None, 7)
    assert zeros == [0.0] * 7
    assert same == ["a"] * 7
    assert free == [None] * 7


def test_shares_of_missing_and_of_categories_are_drawn() -> None:
    texts: list[str | None] = ["a"] * 60 + ["b"] * 20 + [None] * 20
    (drawn,) = draw([sketch_strings(texts)], None, 5000)
    assert abs(drawn.count(None) / 5000 - 0.2) < 0.03
    assert abs(drawn.count("b") / 5000 - 0.2) < 0.03


def test_ten_thousand_columns_are_drawn_at_once() -> None:
    sketch = Numbers((0.0, 1.0, 2.0), 0.1, (), (), 0.0, whole=False)
    drawn = draw([sketch] * 10_000, None, 3)
    assert len(drawn) == 10_000
