"""Whole rows, and several values of one row, among the constants of a graph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.partial_rows import add_partial_rows
from sealift.packing.privacy.reference import Units
from sealift.packing.privacy.single_values import matches
from sealift.packing.privacy.whole_rows import whole_rows

_Floats = npt.NDArray[np.float64]
TABLE = np.round(np.random.default_rng(0).normal(50, 10, (200, 3)), 4)
PLACES = [3, 77, 120, 5, 42, 199]


def units(table: _Floats = TABLE) -> Units:
    return Units("", tuple(f"c{i}" for i in range(table.shape[1])), table, table, own=True)


def whole(*constants: Constant, table: _Floats = TABLE) -> tuple[set[int], set[int]]:
    equal, owners = whole_rows(units(table), constants)
    assert all(isinstance(row, int) for row in equal)
    return equal, owners


def rows(*places: int, table: _Floats = TABLE) -> _Floats:
    return np.array(table[list(places)])


OTHER = Constant(np.full((7, 3), 0.25))


@pytest.mark.parametrize("count", [1, 2, 4, 5, 6])
def test_rows_along_the_last_axis(count: int) -> None:
    places = PLACES[:count]
    assert whole(OTHER, Constant(rows(*places))) == (set(places), {1})
    assert whole(Constant(rows(*places)[np.newaxis]), OTHER) == (set(places), {0})


@pytest.mark.parametrize("count", [2, 4, 5, 6])
def test_rows_along_the_first_axis(count: int) -> None:
    places = PLACES[:count]
    assert whole(Constant(rows(*places).T), OTHER) == (set(places), {0})
    assert whole(Constant(rows(*places).T[np.newaxis]), OTHER) == (set(places), {0})


def test_a_row_as_a_vector_and_rows_one_after_the_other() -> None:
    assert whole(OTHER, Constant(rows(9)[0])) == ({9}, {1})
    assert whole(OTHER, Constant(rows(9, 11).reshape(-1))) == ({9, 11}, {1})
    assert whole(OTHER, Constant(rows(9, 11).reshape(1, -1))) == ({9, 11}, {1})
    assert whole(Constant(np.append(rows(9), [0.25]))) == (set(), set())


def test_columns_as_one_vector_each() -> None:
    columns = [Constant(column) for column in rows(*PLACES).T]
    assert whole(*columns, OTHER) == (set(PLACES), {0, 1, 2})
    before = Constant(np.full(6, 0.25))
    assert whole(before, *columns) == (set(PLACES), {1, 2, 3})
    two = [Constant(column) for column in rows(*PLACES[:2]).T]
    assert whole(*two) == (set(PLACES[:2]), {0, 1, 2})
    # Among more than four times as many vectors they are not looked for.
    idle = [before] * 9
    assert whole(*idle, *columns) == (set(PLACES), {9, 10, 11})
    assert whole(*idle, before, *columns) == (set(), set())


def test_a_column_that_is_the_same_throughout_may_be_missing_from_the_graph() -> None:
    table = np.insert(TABLE, 1, 5.0, axis=1)
    beside = np.insert(rows(*PLACES), 3, 0.75, axis=1)
    assert whole(Constant(rows(*PLACES, table=table)), table=table) == (set(PLACES), {0})
    # A column of the constant that is the same throughout is left out before widths are compared.
    assert whole(Constant(beside)) == (set(PLACES), {0})
    assert whole(Constant(beside.T)) == (set(PLACES), {0})


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_column_of_one_number_is_left_out_wherever_it_is(place: int) -> None:
    beside = np.insert(rows(*PLACES), place, 0.75, axis=1)
    assert whole(Constant(beside)) == (set(PLACES), {0})
    assert whole(Constant(beside.T)) == (set(PLACES), {0})


@pytest.mark.parametrize("count", [16, 17, 48, 49, 150])
def test_a_column_of_one_number_is_found_in_all_lines(count: int) -> None:
    beside = np.insert(rows(*range(count)), 1, 0.75, axis=1)
    assert whole(Constant(beside)) == (set(range(count)), {0})
    beside[-1, 1] = 0.5  # then it is a column like the others, and the lines are too long
    assert whole(Constant(beside)) == (set(), set())


def test_rows_in_several_matrices() -> None:
    assert whole(Constant(rows(*PLACES).reshape(2, 3, 3))) == (set(PLACES), {0})


@pytest.mark.parametrize("count", [2, 6])
def test_a_row_with_a_zero(count: int) -> None:
    for column in range(3):
        table = TABLE.copy()
        table[3, column] = 0.0
        for factor in (1, 1 + 5e-10):
            held = Constant(factor * rows(*PLACES[:count], table=table))
            assert whole(held, table=table)[0] == set(PLACES[:count])


def test_one_row_among_other_points_within_the_tolerance() -> None:
    others = np.random.default_rng(1).normal(50, 10, (6, 3))
    for difference, equal in ((5e-10, {9}), (3.5e-9, {9}), (4.5e-9, set()), (-3.5e-9, {9})):
        assert whole(Constant(np.vstack([rows(9) * (1 + difference), others])))[0] == equal


def test_other_forms_are_no_rows() -> None:
    assert whole(Constant(rows(*PLACES).reshape(3, 3, 2))) == (set(), set())
    assert whole(*(Constant(column.reshape(2, 3)) for column in rows(*PLACES).T)) == (set(), set())
    assert whole(*(Constant(np.array(value)) for value in rows(9)[0])) == (set(), set())


@pytest.mark.parametrize("factor", [2.5, -0.125])
def test_rows_scaled_by_one_factor(factor: float) -> None:
    assert whole(OTHER, Constant(factor * rows(*PLACES))) == (set(PLACES), {1})
    centred = TABLE - 50
    assert whole(Constant(factor * rows(*PLACES, table=centred)), table=centred) == (set(PLACES), {0})


def test_rows_scaled_to_a_length_each() -> None:
    factors = np.linspace(0.5, -3, 6)[:, np.newaxis]
    assert whole(Constant(factors * rows(*PLACES))) == (set(PLACES), {0})


def test_few_points_show_no_common_factor() -> None:
    assert whole(Constant(2.5 * rows(*PLACES[:4]))) == (set(), set())
    assert whole(Constant(2.5 * rows(*PLACES[:5]))) == (set(PLACES[:5]), {0})


def test_one_scaled_row_alone_is_chance() -> None:
    points = np.vstack([2.5 * rows(9), np.random.default_rng(1).normal(50, 10, (6, 3))])
    assert whole(Constant(points)) == (set(), set())
    assert whole(Constant(np.vstack([points, 2.5 * rows(11)]))) == ({9, 11}, {0})


@pytest.mark.parametrize("count", [2, 6])
def test_the_tolerance_of_rows(count: int) -> None:
    near = rows(*PLACES[:count])
    assert whole(Constant(near * (1 + 5e-10)))[0] == set(PLACES[:count])
    assert whole(Constant(near + np.array([0.0, 0.0, 1e-4])))[0] == set()
    assert whole(Constant(near + np.array([1e-4, 0.0, 0.0])))[0] == set()
    assert whole(Constant(near * (1 + 5e-8), single=True))[0] == set(PLACES[:count])
    rounded = near.astype(np.float32).astype(np.float64)
    assert whole(Constant(rounded, single=True))[0] == set(PLACES[:count])
    assert whole(Constant(rounded + np.array([0.0, 1e-4, 0.0]), single=True))[0] == set()


def test_few_points_are_compared_within_the_tolerance_in_each_column() -> None:
    for column in range(3):
        near = rows(9, 11)
        near[:, column] *= 1 + 3e-9
        assert whole(Constant(near)) == (set(), set())


@pytest.mark.parametrize("count", [2, 6])
def test_a_row_that_five_have_is_no_ones(count: int) -> None:
    for copies, expected in ((3, {3, 200, 201, 202}), (4, set())):
        table = np.vstack([TABLE, np.repeat(TABLE[3:4], copies, axis=0)])
        equal, _ = whole(Constant(rows(*PLACES[:count])), table=table)
        assert equal == expected | set(PLACES[1:count])


def test_zeros_are_no_row() -> None:
    table = np.vstack([TABLE, np.zeros((1, 3))])
    for count in (2, 6):
        assert whole(Constant(np.zeros((count, 3))), table=table) == (set(), set())
        assert whole(Constant(np.vstack([np.zeros((1, 3)), rows(*PLACES[:count])])), table=table)[0] == set(
            PLACES[:count]
        )


@pytest.mark.parametrize("cells", [1, 3, 9, 1000])
def test_points_are_compared_some_at_a_time(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sealift.packing.privacy.rows_by_value._CELLS", cells)
    assert whole(Constant(rows(*PLACES))) == (set(PLACES), {0})
    assert whole(Constant(2.5 * rows(*PLACES))) == (set(PLACES), {0})
    # Two rows of one chunk each, of which one alone would be chance.
    others = np.random.default_rng(1).normal(50, 10, (5, 3))
    assert whole(Constant(np.vstack([2.5 * rows(9), others, 2.5 * rows(11)]))) == ({9, 11}, {0})


def test_one_scaled_row_of_many_columns_alone_is_no_row() -> None:
    table = np.round(np.random.default_rng(0).normal(50, 10, (200, 8)), 4)
    points = np.random.default_rng(1).normal(50, 10, (7, 8))
    points[2] = 2.5 * table[9]
    assert whole(Constant(points), table=table) == (set(), set())
    points[3] = 2.5 * table[11]
    assert whole(Constant(points), table=table) == ({9, 11}, {0})


def test_thresholds_and_small_constants_are_no_rows() -> None:
    assert whole(Constant(rows(*PLACES), "threshold"), Constant(rows(*PLACES))) == (set(PLACES), {1})
    assert whole(Constant(rows(*PLACES), "threshold")) == (set(), set())
    assert whole(Constant(rows(*PLACES)[:, :2])) == (set(), set())
    assert whole(Constant(rows(9)[0, :2])) == (set(), set())


def test_one_varying_column_makes_no_rows() -> None:
    table = TABLE.copy()
    table[:, 1:] = 7.0
    assert whole(Constant(rows(*PLACES, table=table)), table=table) == (set(), set())
    assert whole(Constant(TABLE[PLACES, :1]), table=TABLE[:, :1]) == (set(), set())
    table[:, 1] = TABLE[:, 1]
    assert whole(Constant(rows(*PLACES, table=table)), table=table) == (set(PLACES), {0})


def test_rows_of_coarse_columns_are_met_by_chance() -> None:
    # 10 · 10 different rows: 200 rows and 6 points meet without meaning anything.
    coarse = np.random.default_rng(2).integers(1, 11, (200, 2)).astype(float)
    assert whole(Constant(rows(*PLACES, table=coarse)), table=coarse) == (set(), set())
    finer = np.random.default_rng(2).integers(1, 1001, (200, 2)).astype(float)
    assert whole(Constant(rows(*PLACES, table=finer)), table=finer)[0] == set(PLACES)


def test_chance_is_a_two_hundredth_at_most() -> None:
    """One point, and 200 rows of 200 times 200 different pairs: one of 200 such points meets a row by chance."""
    every = np.arange(200.0) + 0.25
    table = np.column_stack([every, every[::-1] * 3])
    assert whole(Constant(table[:1]), table=table) == ({0}, {0})
    table[150, 1] = table[149, 1]
    assert whole(Constant(table[:1]), table=table) == (set(), set())


def test_scaled_rows_of_few_different_ratios_are_met_by_chance() -> None:
    # 100 times 100 different rows have hundreds of pairs in the same ratio.
    coarse = np.random.default_rng(2).integers(1, 101, (200, 2)).astype(float)
    assert whole(Constant(2.5 * rows(*PLACES, table=coarse)), table=coarse) == (set(), set())
    finer = np.random.default_rng(2).integers(1, 10001, (200, 3)).astype(float)
    assert whole(Constant(2.5 * rows(*PLACES, table=finer)), table=finer)[0] == set(PLACES)


def test_columns_of_other_magnitudes_do_not_hide_rows() -> None:
    table = TABLE.copy()
    table[:, 0] = np.where(TABLE[:, 0] > 50, 1e9, 2e9)
    table[:, 1:] -= 50
    assert whole(Constant(rows(*PLACES, table=table)), table=table) == (set(PLACES), {0})


def test_gaps_count_as_zero() -> None:
    table = TABLE.copy()
    table[3, 1] = np.nan
    held = np.nan_to_num(rows(*PLACES, table=table))
    assert whole(Constant(held), table=table)[0] == set(PLACES)
    for endless in (np.inf, -np.inf):
        held[0, 1] = endless
        assert whole(Constant(held), table=table)[0] == set(PLACES)


# Several values of one row.


def partial(*constants: Constant, table: _Floats = TABLE) -> dict[int, tuple[int, int]]:
    given = units(table)
    best: dict[int, tuple[int, int]] = {}
    for _, held in matches([given], constants):
        add_partial_rows(best, given, constants[held[0].owner], held)
    return best


def scattered(*places: int) -> _Floats:
    """A matrix (8, 6) with two values of each row in one line."""
    matrix = np.random.default_rng(3).normal(0, 0.01, (8, 6))
    for line, place in enumerate(places):
        matrix[line, 1], matrix[line, 4] = TABLE[place, 2], TABLE[place, 0]
    return matrix


def test_values_of_one_row_in_one_line() -> None:
    assert partial(OTHER, Constant(scattered(9, 11))) == {9: (2, 1), 11: (2, 1)}
    assert partial(Constant(scattered(9, 11).T), OTHER) == {9: (2, 0), 11: (2, 0)}
    assert partial(Constant(scattered(9, 11)[np.newaxis])) == {9: (2, 0), 11: (2, 0)}
    assert partial(Constant(scattered(0, 199))) == {0: (2, 0), 199: (2, 0)}
    vector = Constant(np.array([TABLE[9, 2], 0.3, TABLE[9, 0]]))
    assert partial(vector, Constant(scattered(9))) == {9: (2, 1)}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_first_rows_in_the_first_line(place: int) -> None:
    assert partial(Constant(scattered(place))) == {place: (2, 0)}


def test_lines_in_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two parts, one line each, and none of the lines in one of the parts."""
    monkeypatch.setattr("sealift.packing.privacy.partial_rows._AT_A_TIME", 2)
    assert partial(Constant(scattered(9, 11))) == {9: (2, 0), 11: (2, 0)}
    matrix = scattered(9, 11, 13)
    matrix[1] = 0.001
    assert partial(Constant(matrix)) == {9: (2, 0), 13: (2, 0)}


def test_values_of_one_row_in_different_lines_are_none() -> None:
    matrix = scattered(9)
    matrix[3, 2], matrix[0, 4] = matrix[0, 4], 0.003
    assert partial(Constant(matrix)) == {}


def test_the_constant_with_most_values_of_a_row_is_reported() -> None:
    more = scattered(9)
    more[0, 5] = TABLE[9, 1]
    assert partial(Constant(scattered(9)), Constant(more)) == {9: (3, 1)}
    assert partial(Constant(more), Constant(scattered(9))) == {9: (3, 0)}
    assert partial(Constant(scattered(9)), Constant(scattered(9))) == {9: (2, 0)}


def test_one_value_repeated_is_one_value() -> None:
    matrix = np.random.default_rng(3).normal(0, 0.01, (8, 6))
    matrix[0, 1] = matrix[0, 4] = TABLE[9, 2]
    assert partial(Constant(matrix)) == {}
    matrix[0, 2] = TABLE[11, 0]
    assert partial(Constant(matrix)) == {}


def test_vectors_and_other_roles_have_no_lines() -> None:
    assert partial(Constant(scattered(9).reshape(-1))) == {}
    assert partial(Constant(scattered(9), "threshold")) == {}
    assert partial(Constant(scattered(9).reshape(2, 4, 6))) == {}


def test_values_that_chance_brings_together_are_none() -> None:
    # Whole numbers below 100 in long lines.
    random = np.random.default_rng(4)
    table = random.permutation(np.arange(1.0, 301.0).repeat(1))[:200, np.newaxis] * np.ones(2)
    table[:, 1] = random.permutation(table[:, 1])
    matrix = random.integers(3, 300, (50, 40)).astype(float)
    assert partial(Constant(matrix), table=table) == {}


@pytest.mark.parametrize(("values", "is_row"), [(2000, False), (6000, True)])
@pytest.mark.parametrize("turned", [False, True])
def test_many_lines_meet_two_values_of_a_row_by_chance(values: int, is_row: bool, turned: bool) -> None:
    """In 100 lines of two numbers, of 200 rows: 100 · 200 · (2 / values)² are expected."""
    random = np.random.default_rng(5)
    table = np.column_stack([[0, 1, values - 1, *random.permutation(np.arange(7, values - 7))[:197]] for _ in range(2)])
    table = table[:, ::-1].astype(float) + 0.25
    table[:, 0] = np.roll(table[:, 0], 50)
    matrix = random.normal(0, 0.01, (100, 2))
    matrix[4] = table[90]
    assert partial(Constant(matrix.T if turned else matrix), table=table) == ({90: (2, 0)} if is_row else {})


def test_in_float32_two_values_of_a_row_meet_in_a_long_line_by_chance() -> None:
    """200 rows, two lines of 20,000 numbers, and 4 million different numbers in float32."""
    matrix = np.random.default_rng(6).normal(0, 0.01, (2, 20_000))
    matrix[0, [7, 9000]] = TABLE[9, [2, 0]]
    assert partial(Constant(matrix)) == {9: (2, 0)}
    assert partial(Constant(matrix, single=True)) == {}


def test_a_value_that_every_line_holds_by_chance_adds_nothing() -> None:
    """Two lines of 50 numbers, 200 rows; one column of 6 million values, and one of eleven, which fill a line."""
    random = np.random.default_rng(7)
    table = np.column_stack([random.choice(6_000_000, 200, replace=False), np.arange(200) % 10]) + 0.25
    table[[0, 1, 2], 0] = 0.25, 1.25, 6_000_000.25
    table[9, 1] = 10.25
    matrix = random.normal(0, 0.01, (2, 50))
    matrix[0, [7, 9]] = table[9]
    assert partial(Constant(matrix), table=table) == {9: (2, 0)}
    assert partial(Constant(np.hstack([matrix, matrix + 0.001])), table=table) == {}
