"""Sketches and correlations of small columns, worked out by the rules of the module, number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import rankdata, spearmanr

from sealift.stats import Categories, Numbers, Sketch, correlation, draw, sketch_arrays, sketch_numbers, sketch_strings
from sealift.stats.copula import _ranks
from sealift.stats.sketch import Arrays, grid, rounded

_Floats = npt.NDArray[np.float64]


def each(*values: float, times: int = 1) -> _Floats:
    return np.repeat(np.array(values, dtype=np.float64), times)


@pytest.mark.parametrize(
    ("column", "quantiles", "tail"),
    [
        # 100 numbers: 5 % are cut off at either end, and 5 numbers lie between two of 19 levels.
        (np.arange(100.0), (4, 10, 15, 20, 25, 30, 35, 40, 45, 49, 54, 59, 64, 69, 74, 79, 84, 89, 95), 0.05),
        # 1,000 numbers: 1 %, and no more than 21 levels; 140 / 200 is rounded up to a grid of 1.
        (np.arange(1000.0) / 7, (*range(1, 135, 7), 142), 0.01),
        # 30 numbers: 5 levels; 2.5 / 200 is rounded up to 0.02.
        (np.arange(30.0) / 8, (0.6, 1.2, 1.82, 2.42, 3.04), 0.167),
        # 20 numbers: 3 levels.
        (np.arange(20.0) / 8, (0.59, 1.19, 1.79), 0.25),
        (np.arange(0.0, 40000.0, 400.0)[::-1] - 20000, None, 0.05),
        # A spread of 200 has a grid of 1, and a larger one a grid of 2.
        (np.repeat([0.5, 101.3, 200.5], [200, 600, 200]), (*[0] * 4, *[101] * 13, 200, 200, 200, 201), 0.01),
        (np.repeat([0.5, 101.3, 201.0], [200, 600, 200]), (*[0] * 4, *[102] * 13, 200, 200, 200, 202), 0.01),
        # No spread: the grid is that of the number itself, or of 1.
        (each(0.3, times=100), (0.3,) * 19, 0.05),
        (each(-0.3, times=100), (-0.3,) * 19, 0.05),
        (each(0.0003, times=100), (0.0003,) * 19, 0.05),
        (np.append(np.zeros(96), each(0.5, times=4)), (0.0,) * 19, 0.05),
    ],
)
def test_quantiles(column: _Floats, quantiles: tuple[float, ...] | None, tail: float) -> None:
    sketch = sketch_numbers(column)
    assert sketch.tail == tail
    if quantiles is not None:
        assert sketch.quantiles == pytest.approx(quantiles, abs=1e-12)
    assert (sketch.values, sketch.shares) == ((), ())
    # The ends are rounded outwards.
    cut = max(5 / len(column), 0.01)
    exact = np.quantile(column, [cut, 1 - cut])
    assert sketch.quantiles[0] <= exact[0] + 1e-12
    assert sketch.quantiles[-1] >= exact[1] - 1e-12


@pytest.mark.parametrize(
    ("column", "quantiles"),
    [
        # The median 3.5, and three times the median distance from it to either side, on a grid of a twentieth.
        (each(1.25, 2.5, 3.5, 4.25, 7.75), (0.5, 2.0, 3.5, 5.0, 6.5)),
        (each(-1.25, 2.5, 3.5, 4.25, 7.75), (0.5, 2.0, 3.5, 5.0, 6.5)),
        (each(0.5, 100.5, 101.5, 102.5, 103.5), (98.5, 100.0, 101.5, 103.0, 104.5)),
        (np.arange(19.0) * 1.5 + 100, (90.0, 100.0, 115.0, 130.0, 140.0)),
        # No negative numbers where there were none, and whole ones where all were whole.
        (each(3, 8, 9, 12, 40), (0.0, 4.0, 9.0, 14.0, 18.0)),
        (each(-3, 0, 1, 2, 40), (-2.0, 0.0, 1.0, 2.0, 4.0)),
        # Without a median distance the width is that of the number itself, or 1.
        (each(3.25, times=6), (0.0, 2.0, 5.0, 8.0, 10.0)),
        (each(0, 0, 0, 0, 0.25), (0.0, 0.4, 1.0, 1.6, 2.0)),
        (each(0, 0, 0, 0, -0.25), (-2.0, -1.0, 0.0, 1.0, 2.0)),
    ],
)
def test_centre_and_width_of_few_numbers(column: _Floats, quantiles: tuple[float, ...]) -> None:
    sketch = sketch_numbers(column)
    assert sketch.quantiles == pytest.approx(quantiles, abs=1e-12)
    assert (sketch.tail, sketch.values, sketch.shares) == (0.0, (), ())


def test_up_to_twenty_different_whole_numbers_are_categories() -> None:
    twenty = sketch_numbers(np.repeat(np.arange(20.0), 5))
    assert twenty.values == tuple(range(20))
    assert twenty.shares == (0.05,) * 20
    assert twenty.quantiles == (0.0, 10.0, 19.0)
    assert (twenty.tail, twenty.whole) == (0.0, True)
    assert sketch_numbers(np.repeat(np.arange(21.0), 5)).values == ()
    assert sketch_numbers(np.repeat([0.5, 1.5], 50)).values == ()
    # Half of the numbers must be frequent.
    rare = np.repeat(np.arange(10.0, 15.0), 2)
    assert sketch_numbers(np.append(each(7, times=10), rare)).values == (7.0,)
    assert sketch_numbers(np.append(each(7, times=10), [*rare, 99.0])).values == ()
    assert sketch_numbers(np.append(each(7, times=995), each(8, times=5))).shares == (0.99, 0.01)
    assert sketch_numbers(np.append(each(7, times=9995), each(8, times=5))).shares == (0.99, 0.01)


def test_the_typical_number() -> None:
    assert sketch_numbers(np.repeat([3.0, 4.0, 9.0], [6, 9, 5])).typical == 4.0
    assert sketch_numbers(np.arange(100.0)).typical == 49.0
    assert Numbers((), 0.0, (), (), 0.0, whole=False).typical is None


def test_thinned_keeps_every_second_quantile() -> None:
    sketch = Numbers((0.0, 1.0, 2.5, 3.0, 7.0), 0.1, (), (), 0.25, whole=False)
    assert sketch.thinned() == Numbers((0.0, 2.5, 7.0), 0.1, (), (), 0.25, whole=False)
    assert sketch.thinned().bounds == sketch.bounds == (0.0, 7.0)


def test_the_number_at_a_probability() -> None:
    at = np.array([0.0, 0.25, 0.3, 0.5, 0.99, 1.0])
    line = Numbers((0.0, 1.0, 3.0), 0.1, (), (), 0.0, whole=False)
    # On a grid of 3 / 1000, rounded up to 0.005.
    assert line.at(at).tolist() == pytest.approx([0.0, 0.5, 0.6, 1.0, 2.96, 3.0])
    assert line.at(np.array([0.251])).tolist() == [0.5]
    whole = Numbers((0.0, 1.0, 30.0), 0.1, (), (), 0.0, whole=True)
    assert whole.at(at).tolist() == [0.0, 0.0, 1.0, 1.0, 29.0, 30.0]
    few = Numbers((2.0, 5.0, 9.0), 0.0, (2.0, 5.0, 9.0), (0.25, 0.25, 0.4), 0.0, whole=True)
    # The shares are those of the frequent values, and sum to 0.9.
    assert few.at(np.array([0.0, 0.27, 0.28, 0.55, 0.56, 1.0])).tolist() == [2.0, 2.0, 5.0, 5.0, 9.0, 9.0]
    nothing = Numbers((), 0.0, (), (), 1.0, whole=False)
    assert nothing.at(np.array([0.0, 0.5, 1.0])).tolist() == [-1.0, 0.0, 1.0]


def test_categories_are_sorted_and_have_five_records_each() -> None:
    assert sketch_strings([*"b" * 5, *"a" * 9, *"c" * 4, None]) == Categories(("a", "b"), (0.5, 0.28), 0.0)
    assert sketch_strings([*"a" * 5, *"b" * 5, *"cdefghijkl"]).values == ("a", "b")
    assert sketch_strings([*"a" * 5, *"b" * 5, *"cdefghijklm"]).values == ()


@pytest.mark.parametrize(("different", "categories"), [(50, 1), (51, 0)])
def test_a_column_of_mostly_different_texts_has_no_categories(different: int, categories: int) -> None:
    texts = [*["a"] * 300, *map(str, range(different - 1))]
    assert len(sketch_strings(texts).values) == categories
    # One in ten texts may be different.
    assert len(sketch_strings([*["a"] * (10 * different), *map(str, range(different - 1))]).values) == 1


@pytest.mark.parametrize(("count", "total", "share"), [(4, 10, 0.0), (5, 10, 0.5), (6, 10, 0.5), (10, 10, 1.0)])
def test_shares_of_missing_numbers(count: int, total: int, share: float) -> None:
    column = np.append(np.full(count, np.nan), np.arange(float(total - count)))
    assert sketch_numbers(column).missing == share
    assert sketch_strings([None if np.isnan(value) else "a" for value in column]).missing == share


def test_arrays_are_summarised_by_one_element_of_each() -> None:
    arrays = [np.array([[0.0, 10.0, 20.0], [30.0, 40.0, 50.0]])] * 600
    sketch = sketch_arrays(arrays, 1000)
    assert (sketch.shape, sketch.size, sketch.missing) == ((2, 3), 6, 0.4)
    assert sketch.elements.values == (0.0, 10.0, 20.0, 30.0, 40.0, 50.0)
    assert all(abs(share - 1 / 6) < 0.05 for share in sketch.elements.shares)
    assert sketch_arrays(arrays, 1000) == sketch
    assert sketch_arrays([], 7) == Arrays(Numbers((), 0.0, (), (), 1.0, whole=False), ())


@pytest.mark.parametrize(
    ("raw", "step"),
    [(1.0, 1.0), (1.001, 2.0), (2.0, 2.0), (2.001, 5.0), (5.0, 5.0), (5.001, 10.0), (9.99, 10.0), (10.0, 10.0)],
)
def test_the_grid_is_the_next_round_step(raw: float, step: float) -> None:
    for power in (1e-5, 1.0, 1e3):
        assert grid(200 * raw * power, 200) == pytest.approx(step * power, rel=1e-12)


def test_the_grid_of_nothing_is_one() -> None:
    assert [grid(spread, 200) for spread in (0.0, -1.0, np.nan, np.inf)] == [1.0] * 4


@pytest.mark.parametrize(("step", "value"), [(0.05, 1.25), (0.1, 1.2), (1.0, 1.0), (10.0, 0.0), (0.002, 1.234)])
def test_rounded_to_multiples_of_a_step(step: float, value: float) -> None:
    assert rounded(np.array([1.234]), step).tolist() == [value]


def test_correlations_are_those_of_the_ranks() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=50)
    columns = [x, np.round(x + random.normal(size=50)), np.exp(x), -x]
    ranks: Any = spearmanr(np.column_stack(columns)).statistic
    expected = np.clip(np.round(2 * np.sin(np.pi / 6 * ranks), 2), -0.99, 0.99)
    np.fill_diagonal(expected, 1.0)
    correlations = correlation(columns)
    assert correlations is not None
    assert correlations.tolist() == expected.tolist()
    assert (correlations[0, 2], correlations[0, 3]) == (0.99, -0.99)


def test_missing_values_leave_the_correlation_of_the_others() -> None:
    x = np.arange(100.0)
    gaps = np.where(x % 10 == 0, np.nan, x)
    full, with_gaps = correlation([x, x]), correlation([x, gaps])
    assert full is not None
    assert with_gaps is not None
    assert 0.9 < with_gaps[0, 1] < full[0, 1] == 0.99
    # The middle rank has no effect in either direction.
    assert np.array_equal(with_gaps, -np.asarray(correlation([x, -gaps])) + 2 * np.eye(2))


def test_a_correlation_needs_two_columns_of_fifty_rows_and_at_most_three_hundred() -> None:
    column = np.arange(50.0)
    assert correlation([column] * 2) is not None
    assert correlation([column[1:]] * 2) is None
    assert correlation([column] * 300) is not None
    assert correlation([column] * 301) is None


def test_of_many_rows_every_second_one_is_ranked() -> None:
    x = np.zeros(40_000)
    x[::2] = np.arange(20_000)
    assert np.asarray(correlation([x, x[::-1].copy()])).shape == (2, 2)
    other = np.zeros(40_000)
    other[::2] = np.arange(20_000)
    other[1::2] = np.arange(20_000)[::-1] * 5
    assert np.asarray(correlation([x, other]))[0, 1] == 0.99


def test_columns_are_drawn_uniformly_from_a_matrix_that_is_none_of_correlations_too() -> None:
    # Of a matrix that was estimated pair by pair eigenvalues can be negative.
    matrix = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    assert np.linalg.eigvalsh(matrix)[0] < -0.5
    line = Numbers((0.0, 1.0), 0.1, (), (), 0.0, whole=False)
    drawn = np.array(draw([line] * 3, matrix, 8000), dtype=float)
    assert np.abs(drawn.mean(axis=1) - 0.5).max() < 0.015
    assert np.abs(drawn.std(axis=1) - 12**-0.5).max() < 0.01
    correlations = np.corrcoef(drawn)
    assert correlations[0, 1] > 0.4
    assert correlations[0, 2] < -0.4


@pytest.mark.parametrize(("scale", "single"), [(0.1, False), (2.0**-10, True)])
def test_arrays_are_drawn_with_the_precision_of_the_column(scale: float, single: bool) -> None:
    arrays = list(np.random.default_rng(0).integers(-500, 500, (60, 2, 3)) * scale + 0.5)
    arrays[3][0, 0] = np.nan
    sketch = sketch_arrays(arrays, 60)
    assert sketch.single is single
    drawn = np.array(draw([sketch], None, 50)[0])
    assert bool((drawn.astype(np.float32) == drawn).all()) is single


def test_independent_columns_are_drawn_as_their_sketches_say() -> None:
    sketches: list[Sketch] = [
        Numbers((0.0, 1.0, 2.0), 0.1, (), (), 0.5, whole=False),
        Categories(("a", "b"), (0.6, 0.2), 0.0),
        Arrays(Numbers((0.0, 1.0, 2.0), 0.1, (), (), 0.0, whole=False), (2, 3)),
        Categories((), (), 0.0),
    ]
    numbers, texts, arrays, free = draw(sketches, None, 4000)
    assert abs(numbers.count(None) - 2000) < 150
    given = [number for number in numbers if number is not None]
    assert abs(np.mean(given) - 1.0) < 0.06
    assert abs(np.std(given) - 3**-0.5) < 0.03
    assert abs(texts.count("a") - 3000) < 150
    assert texts.count("a") + texts.count("b") == 4000
    assert {array.shape for array in arrays} == {(2, 3)}
    assert abs(np.mean(arrays) - 1.0) < 0.03
    assert len({float(array[0, 0]) for array in arrays}) > 500
    assert free == [None] * 4000


def test_ranks_are_those_of_scipy_and_missing_values_have_the_mean_rank() -> None:
    random = np.random.default_rng(0)
    column = random.integers(0, 8, 40).astype(np.float64)
    column[random.choice(40, 12, replace=False)] = np.nan
    present = np.isfinite(column)
    assert _ranks(column)[present].tolist() == rankdata(column[present]).tolist()
    assert _ranks(column)[~present].tolist() == [14.5] * 12


def test_each_column_is_drawn_uniformly_where_only_some_columns_contradict_each_other() -> None:
    # Five independent columns, and five whose correlations cannot all be so negative: their rows of the root are longer
    # once its negative eigenvalue is left out.
    matrix = np.eye(10)
    matrix[5:, 5:] = np.where(np.eye(5) == 1, 1.0, -0.99)
    line = Numbers((0.0, 1.0), 0.1, (), (), 0.0, whole=False)
    drawn = np.array(draw([line] * 10, matrix, 8000), dtype=float)
    assert np.abs(drawn.std(axis=1) - 12**-0.5).max() < 0.01
