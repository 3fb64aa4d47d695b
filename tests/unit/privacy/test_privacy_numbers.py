"""The numbers of constants in order, and the hash table that tells which of them can be values of rows."""

from __future__ import annotations

import numpy as np
import pytest

from sealift.packing.privacy import hashed_numbers, sorted_constants
from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.hashed_numbers import HashedNumbers
from sealift.packing.privacy.reference import SINGLE
from sealift.packing.privacy.sorted_constants import SortedConstants


def test_numbers_are_sorted_with_their_owners_and_places() -> None:
    merged = next(
        SortedConstants.of([Constant(np.array([[5.5, 3.25], [7.125, 3.25]])), Constant(np.array([4.75, 9.0]))])
    )
    assert merged.values.tolist() == [3.25, 3.25, 4.75, 5.5, 7.125, 9.0]
    assert merged.owners.tolist() == [0, 0, 1, 0, 0, 1]
    assert merged.places.tolist() == [1, 3, 0, 0, 2, 1]
    assert not list(SortedConstants.of([]))


def test_common_and_endless_numbers_are_left_out() -> None:
    common = [0.0, 0.5, 1.0, 2.0, -0.5, -1.0, -2.0, np.nan, np.inf, -np.inf]
    several = Constant(np.array([*common, 3.0, -1.5]))
    assert next(SortedConstants.of([several])).values.tolist() == [-1.5, 3.0]
    assert next(SortedConstants.of([several, Constant(np.array([0.125]))])).values.tolist() == [-1.5, 0.125, 3.0]


@pytest.mark.parametrize(
    ("number", "kept"),
    [(0.1, False), (25.0, False), (0.033, False), (-4.7e9, False), (0.125, True), (101.0, True), (-1.01, True)],
)
def test_a_number_alone_counts_if_it_has_three_digits(number: float, kept: bool) -> None:
    alone = next(SortedConstants.of([Constant(np.array([7.75, 7.75])), Constant(np.array([number]))]))
    assert (number in alone.values) == kept
    assert number in next(SortedConstants.of([Constant(np.array([number, 7.75]))])).values


@pytest.mark.parametrize("number", [0.0, 1.0, -2.0, np.inf, -np.inf, np.nan])
def test_a_common_or_endless_number_alone_does_not_count(number: float) -> None:
    assert next(
        SortedConstants.of([Constant(np.array([7.75, 7.75])), Constant(np.array([number]))])
    ).values.tolist() == [
        7.75,
        7.75,
    ]


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [
        ([5, 5], [10]),
        ([5, 6], [5, 6]),
        ([10, 1], [10, 1]),
        ([1, 10], [1, 10]),
        ([25], [10, 10, 5]),
        ([25, 5], [10, 10, 10]),
        ([2, 20, 5, 3], [2, 10, 10, 8]),
        # Of 38 numbers a third at most.
        ([38], [12, 12, 12, 2]),
        ([36, 2], [12, 12, 12, 2]),
    ],
)
def test_as_many_numbers_are_sorted_at_a_time_as_fit(
    sizes: list[int], parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealift.packing.privacy.sorted_constants._PART", 10)
    monkeypatch.setattr("sealift.packing.privacy.sorted_constants._PARTS", 3)
    numbers = np.random.default_rng(0).permutation(sum(sizes)) + 3.25
    constants = [Constant(part.reshape(1, -1)) for part in np.split(numbers, np.cumsum(sizes)[:-1])]
    assert [len(part.values) for part in SortedConstants.of(constants)] == parts


def test_numbers_that_are_wanted_are_picked_with_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(50, 10, 5000)
    wanted = numbers[::50]
    monkeypatch.setattr(sorted_constants, "_BLOCK", 700)
    (part,) = SortedConstants.of([Constant(np.full(30, 1e9)), Constant(numbers)], HashedNumbers.of([wanted]))
    assert set(wanted) <= set(part.values.tolist())
    assert len(part.values) < 200
    assert (np.diff(part.values) >= 0).all()
    assert part.values.tolist() == numbers[part.places].tolist()
    assert set(part.owners.tolist()) == {1}


def test_more_places_of_a_value_count_where_more_numbers_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_constants, "_PART", 100)
    monkeypatch.setattr(sorted_constants, "_PARTS", 8)
    numbers = Constant(np.append(np.full(500, 7.25), np.arange(500) + 1e4))
    (part,) = SortedConstants.of([numbers], HashedNumbers.of([np.array([1e4])]))
    assert (len(part.values), part.share) == (1, 8)
    assert [part.share for part in SortedConstants.of([numbers])] == [1] * 8


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30, -1.0])
def test_all_numbers_within_the_tolerance_are_near_and_hardly_others(scale: float) -> None:
    random = np.random.default_rng(0)
    values = np.append(random.normal(50, 10, 500), [1.0, 2.0, np.nextafter(2.0, 1), 64.0, 0.0]) * scale
    hashed = HashedNumbers.of([values])
    for step in np.linspace(-SINGLE, SINGLE, 41):
        near = values * (1 + step)
        assert hashed.near(near).all()
        assert hashed.near(near[np.abs(near - near.astype(np.float32)) <= SINGLE * 0.1 * np.abs(near)]).all()
    assert hashed.near(values * (1 + 3e-6)).mean() < 0.01
    assert hashed.near(random.normal(50, 10, 20_000) * scale).mean() < 0.01


def test_float32_and_whole_numbers_are_near_too() -> None:
    hashed = HashedNumbers.of([np.array([[0.1, 7.0], [np.nan, np.inf]]), np.array([2.0**53 + 2])])
    assert hashed.near(np.array([0.1, 0.2], dtype=np.float32)).tolist() == [True, False]
    assert hashed.near(np.array([7, 8, 2**53 + 2])).tolist() == [True, False, True]
    assert not hashed.near(np.array([np.nan, np.inf, 1e300])).any()


def test_columns_that_hold_near_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.random.default_rng(0).normal(50, 10, (300, 7))
    hashed = HashedNumbers.of([matrix[[0, 299, 150], [1, 3, 6]]])
    for block in (1, 50, 1 << 18):
        monkeypatch.setattr(hashed_numbers, "_BLOCK", block)
        assert hashed.columns(matrix).tolist() == [False, True, False, True, False, False, True]
        assert HashedNumbers.of([matrix]).near(matrix).all()
    assert hashed.columns(np.zeros((0, 2))).tolist() == [False, False]


def test_the_table_grows_with_the_numbers_up_to_a_limit() -> None:
    assert HashedNumbers.of([np.zeros(3)]).bits == 24
    assert HashedNumbers.of([np.zeros(1 << 20)]).bits == 26
    assert len(HashedNumbers.of([np.broadcast_to(np.float64(0), (1 << 24,))]).table) == 1 << 25


def test_the_numbers_of_each_array_are_in_the_table() -> None:
    random = np.random.default_rng(0)
    arrays = [random.normal(size=(3000, 1)) for _ in range(3)]
    table = HashedNumbers.of(arrays)
    for array in arrays:
        assert table.near(array).all()
        for share in (-0.99e-7, 0.99e-7):
            assert table.near(array * (1 + share)).all()
    assert table.near(random.normal(size=10_000)).mean() < 0.05


@pytest.mark.parametrize("side", [-1, 1])
def test_the_tolerance_is_relative_to_the_larger_number(side: int) -> None:
    """Beside the middle of two float32 of different groups, and one tolerance of the larger number from a value."""
    random = np.random.default_rng(0)
    last = (random.uniform(1, 2, 400).astype(np.float32).view(np.uint32) | np.uint32(3)).view(np.float32)
    middle = (last.astype(np.float64) + np.nextafter(last, np.float32(9)).astype(np.float64)) / 2
    over = np.nextafter(middle, 9.0)
    values, asked = (over * (1 - SINGLE), over) if side > 0 else (middle * (1 + SINGLE), middle * (1 - 1e-15))
    assert HashedNumbers.of([values]).near(asked).all()
