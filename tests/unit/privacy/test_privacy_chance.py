"""Whether chance explains that constants of a graph equal values of few rows, and which columns show their extremes."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import poisson

from sealift.packing.privacy.chance import (
    UNLIKELY,
    Distinct,
    _below,
    _up_to,
    _within,
    chance_of,
    explained,
    poisson_tail,
)
from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.extremes import extremes
from sealift.packing.privacy.reference import DOUBLE, SINGLE, Units, Values
from sealift.packing.privacy.single_values import Match, matches

_Floats = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(0)


def numbers(*values: float) -> Constant:
    return Constant(np.array(values, dtype=np.float64))


def own(*columns: _Floats, target: bool = False) -> Units:
    table = np.column_stack(columns)
    return Units("", tuple(f"c{i}" for i in range(table.shape[1])), table, table, own=True, target=target)


def matches_of(units: Units, *constants: Constant) -> list[Match]:
    several = [match for _, matches_of in matches([units], constants) for match in matches_of]
    return sorted(several, key=lambda match: (match.column, match.owner))


@pytest.mark.parametrize("mean", [0.001, 0.3, 1.0, 4.2, 30.0, 200.0, 650.0])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 1.5, 3.0])
def test_the_tail_is_poissons(mean: float, share: float) -> None:
    count = math.ceil(share * mean)
    # Of a sum of many terms the last digits are lost.
    assert poisson_tail(count, mean) == pytest.approx(poisson.sf(count - 1, mean), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("mean", [0.001, 0.3, 1.0, 4.2, 30.0, 200.0])
def test_far_from_the_mean_no_digit_is_lost(mean: float) -> None:
    far = round(mean + 12 * math.sqrt(mean) + 5)
    assert poisson_tail(far, mean) == pytest.approx(poisson.sf(far - 1, mean), rel=1e-9, abs=0.0)


def test_the_tail_at_the_ends() -> None:
    assert poisson_tail(0, 3.0) == 1.0
    assert poisson_tail(-1, 0.0) == 1.0
    assert poisson_tail(1, 0.0) == poisson_tail(2, 0.0) == 0.0
    assert poisson_tail(700, 700.0) == pytest.approx(poisson.sf(699, 700.0), rel=1e-6)


@pytest.mark.parametrize(("count", "mean"), [(701, 600.0), (900, 701.0), (2000, 1500.0)])
def test_large_tails_are_bounded_from_above(count: int, mean: float) -> None:
    exact = float(poisson.sf(count - 1, mean))
    assert exact <= poisson_tail(count, mean) < 1.0
    assert math.log(poisson_tail(count, mean)) == pytest.approx(count - mean - count * math.log(count / mean))


@pytest.mark.parametrize(("count", "mean"), [(701, 701.0), (701, 800.0), (5, 701.0), (700, 700.5)])
def test_large_counts_below_the_mean_are_no_surprise(count: int, mean: float) -> None:
    assert poisson_tail(count, mean) == 1.0


def test_a_match_is_unlikely_below_a_two_hundredth() -> None:
    assert UNLIKELY == 0.005


def test_chance_grows_with_the_share_of_the_grid_that_is_rare() -> None:
    # 11 cells, of which 3 are rare; 2 numbers could be values: 2 · 3 / 11 are expected.
    column = Values.of(np.concatenate([np.repeat(np.arange(11.0), 5), [0.0]])[:-1])
    assert column.rare.size == 0
    column = Values.of(np.array([0.0, 3.0, 10.0, *np.repeat([1.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 5)]))
    assert column.cells(DOUBLE) == 11.0
    tried = np.array([-5.0, 3.0, 3.5, 5.0, 12.0])
    assert chance_of(1, tried, column, DOUBLE) == pytest.approx(1 - math.exp(-2 * 3 / 11))


def test_chance_counts_the_values_beside_a_number() -> None:
    # All numbers of a dense stretch are rare: moved by one to four steps, a number still meets one.
    column = Values.of(np.array([*np.arange(100.0, 120.0), 1e6]))
    assert column.step == 1.0
    assert chance_of(1, np.array([110.0]), column, DOUBLE) == pytest.approx(1 - math.exp(-1.0))
    # At the end of the stretch only the four steps to the inside meet one.
    assert chance_of(1, np.array([100.0]), column, DOUBLE) == pytest.approx(1 - math.exp(-0.5))
    assert chance_of(1, np.array([119.0]), column, DOUBLE) == pytest.approx(1 - math.exp(-0.5))
    # So far away that no step reaches it.
    assert chance_of(1, np.array([130.0]), column, DOUBLE) < 1e-4
    assert chance_of(1, np.array([123.0]), column, DOUBLE) == pytest.approx(1 - math.exp(-1 / 8))


def test_chance_counts_values_closer_than_the_tolerance_off_the_grid() -> None:
    # Values 2 tolerances apart: moved by an odd number of tolerances, a number lies between two of them.
    rare: Any = 1.0 + 2e-6 * np.arange(200) + np.where(np.arange(200) == 7, 3e-7, 0.0)
    column = Values.of(np.append(rare, 7.7))
    assert column.step == 0.0
    assert chance_of(1, rare[100:101], column, 1e-6) == pytest.approx(1 - math.exp(-1.0), rel=0.1)
    assert chance_of(1, np.array([5.0]), column, 1e-6) < 1e-3


@pytest.mark.parametrize("step", [0.5, 1.0])
@pytest.mark.parametrize("steps", [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5])
def test_chance_counts_values_up_to_four_steps_away(steps: int, step: float) -> None:
    column = Values.of(np.array([0.0, 100.0, 100.0 + steps * step, 5000.0, 5000.0 + step]))
    assert column.step == step
    chance = chance_of(1, np.array([100.0]), column, DOUBLE)
    assert chance == pytest.approx(1 - math.exp(-1 / 8)) if abs(steps) < 5 else chance < 2e-3


def test_values_may_lie_off_the_grid_by_a_thousandth_of_a_step() -> None:
    column = Values.of(np.array([0.0, 100.0, 102.0004, 5000.0, 5001.0]))
    assert column.step == 1.0
    assert chance_of(1, np.array([100.0]), column, DOUBLE) == pytest.approx(1 - math.exp(-1 / 8))


@pytest.mark.parametrize("tolerances", [3, 5, 7, 11, 13, 17, 19, 23, 26])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("beside", [-0.5, 0.5])
def test_chance_counts_values_a_few_tolerances_away(tolerances: int, side: int, beside: float) -> None:
    column = Values.of(np.array([0.0, 70.0, 70.0 * (1 + side * (tolerances + beside) * 1e-6), 1234.567]))
    assert column.step == 0.0
    chance = chance_of(1, np.array([70.0]), column, 1e-6)
    assert chance == pytest.approx(1 - math.exp(-1 / 16)) if tolerances < 26 else chance < 1e-4


@pytest.mark.parametrize("count", [1, 300, 30_000])
def test_chance_counts_what_every_number_meets_when_it_is_shifted(count: int) -> None:
    """Compared with all pairs of shifted numbers and rare values; of many numbers, with every second one."""
    tolerance = 1e-9
    random = np.random.default_rng(count)
    column = Values.of(np.append(random.uniform(40.0, 41.0, 50), [0.0, 1234.567]))
    shifts = np.array([-23, -19, -17, -13, -11, -7, -5, -3, 3, 5, 7, 11, 13, 17, 19, 23])
    near = random.choice(column.rare[1:-1], count) * (1 + tolerance * random.choice([*-shifts, 0, 40], count))
    tried = np.unique(near)
    some = tried[::2] if len(tried) > 20_000 else tried
    hits = 0
    for shift in shifts:
        moved = (some * (1 + shift * tolerance))[:, np.newaxis]
        hits += int((np.abs(moved - column.rare) <= tolerance * np.abs(moved)).any(axis=1).sum())
    assert hits
    mean = hits / len(shifts) * len(tried) / len(some)
    for asked in (1, round(mean) + 1):
        assert chance_of(asked, tried, column, tolerance) == pytest.approx(poisson_tail(asked, mean), rel=1e-6)


def test_values_beyond_single_precision_are_compared_with_float32() -> None:
    column = Values.of(np.array([-1e39, 0.3, 0.7, 1e39]))
    constant = Distinct(np.linspace(0, 1, 1000, dtype=np.float32))
    assert explained(np.array([0]), constant, [column], SINGLE).tolist() == [True]
    assert explained(np.array([4]), constant, [column], SINGLE).tolist() == [False]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_up_to_an_end_that_their_type_does_not_hold(dtype: type) -> None:
    random = np.random.default_rng(0)
    numbers: npt.NDArray[Any] = np.sort(random.uniform(-2, 2, 500).astype(dtype))
    exact = numbers.astype(np.float64)
    ends = np.concatenate([random.uniform(-2, 2, 200), exact[::5], exact[::7] * (1 + 1e-12), exact[::7] * (1 - 1e-12)])
    assert _up_to(numbers, ends).tolist() == [int((exact <= end).sum()) for end in ends]
    assert _below(numbers, ends).tolist() == [int((exact < end).sum()) for end in ends]


def test_ends_beyond_single_precision_cause_no_warning() -> None:
    column = Values.of(np.array([-1e300, 0.3, 0.7, 1e300]))
    constant = Distinct(np.array([0.25, 0.3], dtype=np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert explained(np.array([0]), constant, [column], SINGLE).tolist() == [True]


def test_the_numbers_near_one_or_several_rare_values() -> None:
    rare = np.array([-5.0, 10.0, 10.5])
    numbers = np.array([-6.0, -5.5, -5.4, -5.0, -4.5, 0.0, 8.9, 9.1, 10.2, 11.5, 11.6])
    near = [False, True, True, True, True, False, False, True, True, True, False]
    assert _within(numbers, rare, 0.1).tolist() == near
    assert not _within(numbers, np.zeros(0), 0.1).any()


def test_equal_numbers_of_a_constant_count_once() -> None:
    several = Distinct(np.array([[7.5, 5.5, 7.5], [5.5, 9.5, 5.5]]))
    assert several.all.tolist() == several.few.tolist() == [5.5, 7.5, 9.5]
    assert Distinct(np.array([3, 1, 3])).all.dtype == np.float64


def test_numbers_off_the_grid_explain_no_match() -> None:
    """One of 1001 whole numbers is rare; of as many numbers as there may be, only the whole ones could be it."""
    column = Values.of(np.append(np.repeat(np.delete(np.arange(1001.0), 37), 5), 37.0))
    assert column.step == 1.0
    halves = Distinct(np.append((np.arange(100.0, 900.0)[:, np.newaxis] + [0.2, 0.3, 0.4, 0.6, 0.7]).ravel(), 37.0))
    assert explained(np.array([1]), halves, [column], DOUBLE).tolist() == [False]
    whole = Distinct(np.append(np.arange(100.0, 110.0), 37.0))
    assert explained(np.array([1]), whole, [column], DOUBLE).tolist() == [True]


def test_units_without_rows_have_no_matches() -> None:
    assert matches_of(own(np.zeros(0)), numbers(1.5, 2.5)) == []


def test_chance_of_nothing() -> None:
    column = Values.of(np.array([1.0, 2.0, 4.7]))
    assert chance_of(0, np.zeros(0), column, DOUBLE) == 1.0
    assert chance_of(1, np.zeros(0), column, DOUBLE) == 0.0


def test_a_rare_value_in_a_constant_is_a_match() -> None:
    ages = np.round(RANDOM.normal(50, 10, 200), 6)
    (match,) = matches_of(own(ages), numbers(0.25, ages[17], 0.125))
    assert (match.column, match.owner, match.explained) == (0, 0, False)
    column = Values.of(ages)
    assert column.rare[match.values].tolist() == [ages[17]]
    assert match.places.tolist() == [1]
    assert match.at.tolist() == match.values.tolist()


def test_each_place_and_each_constant_of_a_match() -> None:
    a, b = np.round(RANDOM.normal(50, 10, (2, 200)), 6)
    several = matches_of(own(a, b), numbers(a[3], a[5], a[3]), numbers(0.25, 0.25), numbers(b[7], a[3]))
    assert [(match.column, match.owner) for match in several] == [(0, 0), (0, 2), (1, 2)]
    assert sorted(several[0].places.tolist()) == [0, 1, 2]
    assert len(several[0].values) == 2
    assert several[1].places.tolist() == [1]
    assert several[2].places.tolist() == [0]


def test_matches_are_in_the_order_of_columns_and_then_of_constants() -> None:
    a, b = np.round(RANDOM.normal(50, 10, (2, 200)), 6)
    several = matches_of(own(a, b), numbers(b[7], 0.25), numbers(a[3], 0.25), numbers(a[5], b[8]))
    assert [(match.column, match.owner) for match in several] == [(0, 1), (0, 2), (1, 0), (1, 2)]


def test_at_most_128_places_of_a_value() -> None:
    ages = np.round(RANDOM.normal(50, 10, 200), 6)
    for count in (127, 128, 129):
        (match,) = matches_of(own(ages), numbers(*np.repeat(ages[3], count)))
        assert len(match.places) == min(count, 128)


def test_what_five_rows_have_is_no_match() -> None:
    column = np.append(np.repeat(12.345678, 5), np.round(RANDOM.normal(50, 10, 200), 6))
    assert matches_of(own(column), numbers(12.345678)) == []
    assert len(matches_of(own(column[1:]), numbers(12.345678))) == 1


def test_leaves_are_compared_with_targets_and_thresholds_with_columns() -> None:
    values = np.round(RANDOM.normal(50, 10, 200), 6)
    leaf, threshold = (Constant(values[:1], role) for role in ("leaf", "threshold"))
    assert [match.owner for match in matches_of(own(values), leaf, threshold)] == [1]
    assert [match.owner for match in matches_of(own(values, target=True), leaf, threshold)] == [0]


@pytest.mark.parametrize(
    ("constant", "same"),
    [
        (Constant(np.array([1 + 5e-8])), False),
        (Constant(np.array([1 + 5e-10])), True),
        (Constant(np.array([1 + 5e-8]), single=True), True),
        (Constant(np.array([1 - 5e-8]), single=True), True),
        (Constant(np.array([1 + 5e-8]), "threshold"), True),
        (Constant(np.array([1 + 3e-7]), "threshold"), False),
    ],
)
def test_the_tolerance_of_a_match(constant: Constant, same: bool) -> None:
    column = np.append(70.123456789, np.round(RANDOM.normal(50, 10, 50), 6))
    scaled = Constant(constant.values * 70.123456789, constant.role, constant.single)
    assert bool(matches_of(own(column), scaled)) == same


def test_nothing_is_compared_without_numbers() -> None:
    values = RANDOM.normal(50, 10, 20)
    assert matches_of(own(values)) == []
    assert matches_of(Units("", ("a",), values[:, np.newaxis]), numbers(values[0])) == []


def test_a_match_that_chance_explains_is_marked() -> None:
    # 101 numbers on a grid of 101: the one that a single row has is among them by chance.
    column = np.array([37.0, *np.repeat(np.delete(np.arange(101.0), 37), 5)])
    (match,) = matches_of(own(column), numbers(*np.arange(101.0)))
    assert match.explained
    (alone,) = matches_of(own(column), numbers(37.0, 5000.5))
    assert alone.explained  # one in a hundred is not unlikely enough
    fine = np.round(column + 0.001 * np.append(1, np.zeros(500)), 3)
    (match,) = matches_of(own(fine), numbers(37.001, 5000.5))
    assert not match.explained


def test_each_column_is_compared() -> None:
    ages = np.round(RANDOM.normal(50, 10, 200), 6)
    common = np.repeat(12.345678, 200)
    assert [m.column for m in matches_of(own(common, ages), numbers(12.345678, ages[3]))] == [1]
    # Equal when rounded to float32, and beyond the tolerance nevertheless.
    near = np.append(64.5, common[1:])
    assert [m.column for m in matches_of(own(near, ages), numbers(64.5 * (1 + 1.6e-7), ages[3]))] == [1]


@pytest.mark.parametrize("single", [False, True])
def test_in_float32_matches_are_likelier_by_chance(single: bool) -> None:
    """400 numbers, of which one is that of a row; in float32 there are some million different ones."""
    random = np.random.default_rng(1)
    column = random.normal(50, 10, 200)
    constant = Constant(np.append(random.uniform(30, 70, 400), column[3]), single=single)
    (match,) = matches_of(own(column), constant)
    assert match.explained == single


def test_the_second_of_the_rare_values_is_found_like_any_other() -> None:
    ages = np.array([10.123456, 20.234567, 30.345678])
    for index, age in enumerate(ages):
        (match,) = matches_of(own(ages), numbers(age, 0.25))
        assert (match.values.tolist(), match.at.tolist(), match.places.tolist()) == ([index], [index], [0])


def test_rows_without_single_numbers_are_passed_over() -> None:
    ages = np.round(RANDOM.normal(50, 10, 20), 6)
    mixed = Units("", ("c0",), ages[:, np.newaxis])
    for place, units in ((1, [mixed, own(ages)]), (0, [own(ages), mixed]), (1, [mixed, own(ages), mixed])):
        assert [number for number, _ in matches(units, [numbers(ages[3], 0.25)])] == [place]


def test_constants_of_common_numbers_hold_no_values() -> None:
    ages = np.round(RANDOM.normal(50, 10, 20), 6)
    assert matches_of(own(ages), numbers(0.0, 1.0, 0.0)) == []
    assert [match.owner for match in matches_of(own(ages), numbers(0.0, 1.0), numbers(ages[3], 0.25))] == [1]


# Extremes.

AGES = np.append(np.round(RANDOM.normal(50, 5, 300), 4), [117.25, 3.75])
DOSES = np.append(np.round(RANDOM.normal(5, 0.5, 300), 4), [11.2, 1.3])


def scaled(low: _Floats, high: _Floats) -> tuple[Constant, Constant]:
    """The factor and the shift of MinMaxScaler."""
    factor = 1 / (high - low)
    return Constant(factor), Constant(-low * factor)


def test_a_factor_and_a_shift_show_both_ends() -> None:
    units = own(AGES, DOSES)
    assert extremes(units, scaled(*units.extent)) == [0, 1]


@pytest.mark.parametrize("side", ["low", "high"])
def test_each_end_counts_by_itself(side: str) -> None:
    # The other end is what five rows have.
    ages = np.append(AGES, np.repeat(117.25 if side == "low" else 3.75, 4))
    units = own(ages, np.append(DOSES, np.repeat(5.0, 4)))
    assert extremes(units, scaled(*units.extent)) == [0, 1]
    # A vector of these ends alone shows the column.
    low, high = units.extent
    mine, other = (low, high) if side == "low" else (high, low)
    assert extremes(units, [Constant(np.array([mine[0], 0.25]))]) == [0]
    assert extremes(units, [Constant(np.array([other[0], 0.25]))]) == []


def test_ends_that_five_rows_reach_are_no_extremes() -> None:
    ages = np.append(AGES, np.repeat([117.25, 3.75], 4))
    units = own(ages, np.append(DOSES, np.repeat(5.0, 8)))
    assert extremes(units, scaled(*units.extent)) == [1]


def test_a_divisor_shows_the_largest_magnitude() -> None:
    units = own(AGES, -DOSES)
    assert extremes(units, [Constant(1 / np.array([117.25, 11.2]))]) == [0, 1]
    assert extremes(units, [Constant(np.array([[117.25, 11.2]]))]) == [0, 1]
    assert extremes(units, [Constant(np.array([117.25, 12.2]))]) == [0]


@pytest.mark.parametrize("target", [0.0, 1.0, -1.0])
def test_an_end_that_is_sent_to_a_bound(target: float) -> None:
    units = own(AGES, DOSES)
    factor = np.array([0.0123, 0.7])
    shift = target - factor * np.array([117.25, 9.9])
    assert extremes(units, [Constant(factor), Constant(shift)]) == [0]


def test_whole_factors_and_vectors_of_other_widths_and_roles_show_nothing() -> None:
    units = own(AGES, DOSES)
    ends = np.array([117.25, 11.2])
    assert extremes(units, [Constant(np.array([117.25, 11.2, 0.3]))]) == []
    assert extremes(units, [Constant(ends, "threshold")]) == []
    assert extremes(units, [Constant(ends, "leaf")]) == []
    assert extremes(units, [Constant(ends.reshape(1, 1, 2))]) == []
    assert extremes(units, []) == []
    # (0 − b) / a with a = 2 is a value by chance.
    assert extremes(units, [Constant(np.array([2.0, 2.0])), Constant(-2 * ends)]) == []
    assert extremes(units, [Constant(np.array([0.0, 0.0]))]) == []


def test_coarse_columns_show_extremes_by_two_vectors_only() -> None:
    # 31 years: each is met by chance with more than a twentieth.
    ages = np.append(np.repeat(np.arange(40.0, 70.0), 5), 70.0)
    units = own(ages, np.append(DOSES[:150], 11.2))
    assert extremes(units, [Constant(np.array([70.0, 0.25]))]) == []
    assert extremes(units, [Constant(np.array([1 / 30, 0.25])), Constant(np.array([1 - 70 / 30, 0.25]))]) == [0]
    fine = np.append(np.repeat(np.arange(40.0, 140.0), 5), 140.0)
    assert extremes(own(fine, np.zeros(501)), [Constant(np.array([140.0, 0.25]))]) == [0]


def test_each_vector_counts() -> None:
    units = own(AGES, DOSES)
    shown, other = Constant(np.array([117.25, 0.25])), Constant(np.array([0.3, 0.25]))
    assert extremes(units, [shown, other]) == extremes(units, [other, shown]) == [0]


@pytest.mark.parametrize(("values", "shown"), [(40, []), (41, [0])])
def test_one_of_forty_values_is_met_by_chance(values: int, shown: list[int]) -> None:
    ages = np.append(np.repeat(np.arange(40.0, 39.0 + values), 5), 39.0 + values)
    units = own(ages, np.linspace(5, 6, len(ages)) ** 3)
    assert extremes(units, [Constant(np.array([39.0 + values, 0.25]))]) == shown


def test_an_end_of_zero_is_in_every_graph() -> None:
    units = own(np.append(np.abs(AGES), 0.0), np.append(DOSES, 5.0))
    assert extremes(units, [Constant(np.array([0.0, 0.25]))]) == []


def test_few_distinct_values_have_no_extremes() -> None:
    few = np.append(np.repeat([0.1, 0.2, 0.3, 0.45], 60), 7.7)
    assert extremes(own(few, np.zeros(241)), [Constant(np.array([7.7, 0.25]))]) == []
    more = np.append(np.repeat([0.1, 0.2, 0.3, 0.45, 0.61], 60), 7.7)
    assert extremes(own(more, np.zeros(301)), [Constant(np.array([7.7, 0.25]))]) == [0]


def test_only_the_first_twelve_vectors_are_combined() -> None:
    units = own(AGES, DOSES)
    idle = [Constant(np.array([0.25, 0.25]))] * 11
    assert extremes(units, [*idle, Constant(np.array([117.25, 0.25]))]) == [0]
    assert extremes(units, [*idle, idle[0], Constant(np.array([117.25, 0.25]))]) == []
