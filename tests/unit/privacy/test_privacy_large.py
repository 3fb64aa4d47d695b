"""Large constants are compared with the rows as small ones are, and only few of their numbers one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sealift.packing.privacy import chance, partial_rows, rows_by_value, single_values, sorted_constants
from sealift.packing.privacy.chance import UNLIKELY, Distinct, chance_of, explained
from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.partial_rows import add_partial_rows
from sealift.packing.privacy.reference import DOUBLE, SINGLE, Units, Values
from sealift.packing.privacy.single_values import Match, matches
from sealift.packing.privacy.sorted_constants import SortedConstants
from sealift.packing.privacy.whole_rows import whole_rows
from sealift.stats import SMALL

_Floats = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(200, 40))
INNER = np.tanh(RANDOM.normal(size=(200, 600))).astype(np.float32).astype(np.float64)
UNITS = [
    Units("", tuple(f"c{i}" for i in range(40)), ROWS, ROWS, own=True),
    Units("step", tuple(f"h{i}" for i in range(600)), INNER, INNER),
]


def net() -> list[Constant]:
    """A feed-forward net of 1.5 million float32."""
    random = np.random.default_rng(1)
    layers = [random.normal(size=shape) / shape[0] ** 0.5 for shape in ((40, 600), *[(600, 600)] * 4, (600, 1))]
    return [Constant(layer.astype(np.float32), single=True) for layer in layers]


def all_matches(units: list[Units], constants: list[Constant]) -> list[list[tuple[Any, ...]]]:
    all_of_units: list[list[Match]] = [[] for _ in units]
    for number, several in matches(units, constants):
        all_of_units[number] += several
    return [
        sorted((m.column, m.owner, *sorted(zip(m.at.tolist(), m.places.tolist(), strict=True))) for m in each)
        for each in all_of_units
    ]


def one_by_one(units: Units, constants: list[Constant]) -> list[tuple[Any, ...]]:
    """The same by comparing each number with each value."""
    all_of_units = []
    for index in range(units.values.shape[1]):
        values, counts = np.unique(units.values[:, index], return_counts=True)
        rare = values[counts < SMALL]
        for owner, constant in enumerate(constants):
            numbers = constant.values.reshape(-1)
            loose = SINGLE if constant.single or constant.role == "threshold" else DOUBLE
            same = np.abs(numbers - rare[:, np.newaxis]) <= loose * np.abs(rare[:, np.newaxis])
            same &= np.isfinite(numbers) & ~np.isin(np.abs(numbers), (0.0, 0.5, 1.0, 2.0))
            if same.any() and constant.role != "leaf":
                all_of_units.append((index, owner, *map(tuple, np.argwhere(same).tolist())))
    return all_of_units


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_every_number_within_the_tolerance_of_a_value_is_found(
    seed: int, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if many:  # numbers are picked by hashes, units and values come in several groups
        monkeypatch.setattr(single_values, "_MANY", 1)
        monkeypatch.setattr(single_values, "_HASHED", 150)
        monkeypatch.setattr(single_values, "_SEARCHED", 60)
        monkeypatch.setattr(sorted_constants, "_BLOCK", 64)
    random = np.random.default_rng(seed)
    table = random.normal(size=(50, 3)) * 10.0 ** random.integers(-30, 30, (50, 3))
    table[:9, 0], table[9:12, 0], table[:, 2] = 3.25, 1.0, np.maximum(table[:, 2], 0)
    units = [Units("", ("a", "b", "c"), table, table), Units("", ("a", "b", "c"), -table[::2], -table[::2])]
    steps = np.array([0, 5e-10, 9.9e-10, 1.01e-9, 5e-8, 1.1e-7, 1.19e-7, 1.1999e-7, 1.21e-7, 3e-7])
    near = random.choice(table.ravel(), 300) * (1 + random.choice(steps, 300) * random.choice([-1, 1], 300))
    constants = [
        Constant(near.reshape(10, 30)),
        Constant(near.astype(np.float32), single=True),
        Constant(np.append(near, [np.nan, np.inf, 0.5, -0.0]), "threshold"),
        Constant(-near[:100].astype(np.float32), single=True),
        Constant(near, "leaf"),
        Constant(np.arange(60)),
    ]
    assert all_matches(units, constants) == [one_by_one(each, constants) for each in units]


@pytest.mark.parametrize("seed", range(2))
def test_what_chance_explains_does_not_depend_on_where_the_search_ends(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chance, "_LEAST", 1)
    monkeypatch.setattr(chance, "_BLOCK", 7)
    random = np.random.default_rng(seed)
    columns = [
        Values.of(np.round(random.normal(size=80) * scale, digits))
        for scale in (0.01, 1.0, 30.0)
        for digits in (1, 2, 9)
    ]
    for stored in (random.normal(size=3000), random.normal(size=(70, 9)).astype(np.float32), np.arange(40)):
        for count in (1, 2, 5, 20, 60):
            counts = np.full(len(columns), count)
            numbers = np.unique(stored).astype(np.float64)
            for tolerance in (DOUBLE, SINGLE, 1e-4):
                expected = [chance_of(count, numbers, column, tolerance) >= UNLIKELY for column in columns]
                assert explained(counts, Distinct(stored), columns, tolerance).tolist() == expected


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many numbers were sorted, how many lines compared with rows, and how often chance was computed."""
    count = {"numbers": 0, "lines": 0, "chances": 0}
    sort, equal, compute = SortedConstants._sorted, rows_by_value._Projected.equal, chance.chance_of

    def sorted_(part: Any, share: int) -> SortedConstants:
        result = sort(part, share)
        count["numbers"] += len(result.values)
        return result

    def equal_(self: Any, points: _Floats, tolerance: float) -> Any:
        count["lines"] += len(points)
        return equal(self, points, tolerance)

    def chance_(*given: Any) -> float:
        count["chances"] += 1
        return compute(*given)

    monkeypatch.setattr(SortedConstants, "_sorted", sorted_)
    monkeypatch.setattr(rows_by_value._Projected, "equal", equal_)
    monkeypatch.setattr(chance, "chance_of", chance_)
    return count


def test_of_a_large_net_little_is_compared(compared: dict[str, int]) -> None:
    constants = net()
    count = sum(len(several) for _, several in matches(UNITS, constants))
    assert count > 300
    for units in UNITS:
        assert whole_rows(units, constants) == (set(), set())
    assert compared["numbers"] < 0.02 * sum(constant.stored.size for constant in constants)
    # Of 40 or 600 columns: 600 lines of the first matrix, and the rows and columns of four, as they are and scaled.
    assert compared["lines"] < 0.01 * 2 * (600 + 4 * 2 * 600)
    assert compared["chances"] < 0.05 * count


def test_rows_in_a_large_net_are_found() -> None:
    constants = net()
    first, rows, scaled, columns = (np.array(constants[i].stored) for i in (0, 2, 3, 4))
    first[:, 599] = ROWS[77]
    rows[[17, 400]] = INNER[[3, 9]]
    scaled[10:13] = -3.7 * INNER[[20, 21, 22]]
    columns[:, 300] = INNER[5]
    for i, array in ((0, first), (2, rows), (3, scaled), (4, columns)):
        constants[i] = Constant(array, single=True)
    assert whole_rows(UNITS[1], constants) == ({3, 5, 9, 20, 21, 22}, {2, 3, 4})
    assert whole_rows(UNITS[0], constants) == ({77}, {0})


@pytest.mark.parametrize("parts", [1, 50])
def test_parts_of_a_row_in_a_large_net_are_found(parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = net()
    held = np.array(constants[1].stored)
    held[200, [3, 99, 333, 500, 598]] = INNER[11, [500, 8, 0, 599, 77]]
    constants[1] = Constant(held, single=True)
    best: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(partial_rows, "_AT_A_TIME", 1_000_000 // parts)
    for number, several in matches(UNITS[1:], constants):
        add_partial_rows(best, UNITS[1:][number], constants[several[0].owner], several)
    assert best[11][0] >= 5
    assert best[11][1] == 1
    without: dict[int, tuple[int, int]] = {}
    for number, several in matches(UNITS[1:], net()):
        add_partial_rows(without, UNITS[1:][number], constants[several[0].owner], several)
    assert 11 not in without


def test_single_values_in_a_large_net_are_found() -> None:
    far = np.append(RANDOM.normal(50, 3, 199), 71.2345)[:, np.newaxis]
    constants = net()
    held = np.array(constants[4].stored)
    held[599, 599] = far[199, 0]
    constants[4] = Constant(held, single=True)
    ((_, (match,)),) = matches([Units("", ("age",), far, far, own=True)], constants)
    assert (match.owner, match.places.tolist(), match.explained) == (4, [held.size - 1], False)
