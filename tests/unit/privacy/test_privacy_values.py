"""One column's values: which are rare, who has them, and how many there could be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from sealift.packing.privacy.reference import DOUBLE, SINGLE, Units, Values


def column(*pairs: tuple[float, int]) -> npt.NDArray[np.float64]:
    """A column with each value as often as it says."""
    return np.concatenate([np.full(count, value, dtype=np.float64) for value, count in pairs])


def test_a_value_of_four_rows_is_rare_and_one_of_five_is_not() -> None:
    values = Values.of(column((3.0, 5), (1.0, 4), (2.0, 1), (9.0, 6)))
    assert values.rare.tolist() == [1.0, 2.0]
    assert values.distinct == 4
    assert (values.low, values.high) == (1.0, 9.0)


def test_missing_and_infinite_values_are_none() -> None:
    values = Values.of(np.array([np.nan, np.inf, -np.inf, 2.5]))
    assert values.rare.tolist() == [2.5]
    assert (values.low, values.high, values.distinct) == (2.5, 2.5, 1)


def test_a_column_without_values() -> None:
    values = Values.of(np.full(3, np.nan))
    assert values.rare.size == 0
    assert (values.low, values.high, values.step, values.distinct) == (0.0, 0.0, 0.0, 0)
    assert values.cells(DOUBLE) == 1.0


def test_the_rows_of_each_rare_value() -> None:
    values = Values.of(np.array([7.0, 5.0, 7.0, np.nan, 7.0, 6.0, 7.0, 8.0, 8.0, 8.0, 8.0, 8.0]))
    assert values.rare.tolist() == [5.0, 6.0, 7.0]
    assert values.rows.tolist() == [[1, -1, -1, -1], [5, -1, -1, -1], [0, 2, 4, 6]]


def test_a_value_above_all_rare_ones_belongs_to_none() -> None:
    values = Values.of(column((1.0, 2), (9.0, 5)))
    assert values.rows.tolist() == [[0, 1, -1, -1]]


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([0.0, 0.5, 2.0, 7.5], 0.5),
        ([1.0, 2.0], 1.0),
        ([4.0], 0.0),
        ([0.0, 1.0, 2.3], 0.0),
        ([0.0, 1.0, 3.0005], 1.0),
        ([0.0, 1.0, 3.0012], 0.0),
        ([0.0, 1.0, 2.9988], 0.0),
    ],
)
def test_the_grid_is_the_smallest_gap_if_all_are_multiples(values: list[float], step: float) -> None:
    assert Values.of(np.array(values)).step == step


def test_cells_count_the_steps_of_the_grid_and_both_ends() -> None:
    assert Values.of(np.array([10.0, 12.0, 20.0])).cells(DOUBLE) == 6.0


def test_cells_off_the_grid_are_as_wide_as_twice_the_tolerance() -> None:
    # The largest magnitude sets the width: 2 · 1e-3 · 8.
    assert Values.of(np.array([-8.0, 0.1, 2.0])).cells(1e-3) == pytest.approx(10 / 0.016 + 1)
    assert Values.of(np.array([-2.0, 0.1, 8.0])).cells(1e-3) == pytest.approx(10 / 0.016 + 1)
    # A grid finer than the tolerance shows no more values.
    assert Values.of(np.array([0.0, 1e-6, 8.0])).cells(1e-3) == pytest.approx(8 / 0.016 + 1)


def test_numbers_on_the_grid() -> None:
    values = Values.of(np.array([10.0, 12.0, 20.0]))
    numbers = np.array([8.0, 9.9, 10.0, 11.0, 14.0, 14.001, 14.003, 20.0, 22.0])
    assert values.on_grid(numbers).tolist() == [False, False, True, False, True, True, False, True, False]


def test_a_grid_begins_at_the_least_value() -> None:
    values = Values.of(np.array([11.0, 14.0, 20.0]))
    assert values.on_grid(np.array([11.0, 12.0, 14.0, 17.0, 18.0, 20.0])).tolist() == [
        True,
        False,
        True,
        True,
        False,
        True,
    ]


def test_without_a_grid_all_numbers_between_the_ends_could_be_values() -> None:
    values = Values.of(np.array([1.0, 2.0, 4.7]))
    assert values.on_grid(np.array([0.99, 1.0, 3.3, 4.7, 4.71])).tolist() == [False, True, True, True, False]


def test_tolerances() -> None:
    assert DOUBLE == 1e-9
    # Half a unit in the last place of float32 is 2⁻²⁴ = 6e-8; of two numbers that were rounded, twice that.
    assert SINGLE == 1.2e-7
    assert SINGLE >= 2.0**-23


def test_units_hold_extents_of_finite_values() -> None:
    table = np.array([[1.0, np.nan, np.nan], [np.inf, 5.0, np.nan], [-3.0, -np.inf, np.inf]])
    low, high = Units("", ("a", "b", "c"), table).extent
    assert low.tolist() == [-3.0, 5.0, 0.0]
    assert high.tolist() == [1.0, 5.0, 0.0]
    low, high = Units("", ("a", "b", "c"), table, single=np.zeros((3, 3))).extent
    assert low.tolist() == high.tolist() == [0.0, 0.0, 0.0]
    low, high = Units("", ("a", "b"), np.zeros((0, 2))).extent
    assert low.tolist() == high.tolist() == [0.0, 0.0]


def test_units_know_which_columns_vary() -> None:
    table = np.array([[1.0, 2.0, np.nan], [1.0, 3.0, np.inf], [1.0, 2.0, -np.inf]])
    units = Units("", ("a", "b", "c"), table)
    assert units.varying.tolist() == [1]
    assert units.filled[:, 2].tolist() == [0.0, 0.0, 0.0]


def test_units_are_named_where_a_step_knows_the_columns() -> None:
    table = np.zeros((2, 1))
    assert Units("pipe", ("a",), table, single=table).named
    assert not Units("", ("a",), table, single=table).named
    assert not Units("pipe", ("a",), table).named


def test_columns_of_units_are_the_comparable_numbers() -> None:
    table = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]])
    single = np.array([[np.nan, 2.0], [3.0, np.nan], [3.0, 2.0]])
    columns = Units("", ("a", "b"), table, single=single).columns
    assert len(columns) == 2
    assert [column.rare.tolist() for column in columns] == [[3.0], [2.0]]
    assert columns[1] is columns[1]
    assert [c.rare.tolist() for c in Units("", ("a", "b"), table).columns] == [[1.0, 3.0], [2.0, 4.0]]
    with pytest.raises(IndexError):
        columns[2]
