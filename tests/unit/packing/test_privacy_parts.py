"""Numbers of the graph are compared with the rows part by part; the parts change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from sealift.packing.privacy import rows_by_value as rows
from sealift.packing.privacy import single_values
from sealift.packing.privacy import sorted_constants as held
from sealift.packing.privacy.constants import Constant
from sealift.packing.privacy.reference import Units
from sealift.packing.privacy.single_values import Match, matches
from sealift.packing.privacy.sorted_constants import SortedConstants
from sealift.packing.privacy.whole_rows import whole_rows

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(200, 3))
CONSTANTS = [
    Constant(np.concatenate([RANDOM.normal(size=(40, 3)), VALUES[5:9]])),
    Constant(VALUES[:, 1][[3, 50, 120]].astype(np.float32), single=True),
    Constant(np.array(0.25)),
    Constant(VALUES[17, 2].reshape(1)),
    Constant(RANDOM.normal(size=400).astype(np.float32), role="leaf", single=True),
    Constant(np.array([1.0, np.nan, 0.5, np.inf, VALUES[0, 0]]), role="threshold"),
    Constant(np.arange(30)),
]
UNITS = [
    Units("", ("a", "b", "c"), VALUES, VALUES, own=True),
    Units("", ("t",), VALUES[:, :1], VALUES[:, :1], own=True, target=True),
    Units("step", ("a", "b", "c"), VALUES * 2, None),
]


def _found() -> list[list[tuple[object, ...]]]:
    """All matches of each of the units, in the order of columns and constants."""
    several: list[list[Match]] = [[] for _ in UNITS]
    for number, some in matches(UNITS, CONSTANTS):
        several[number] += some
    return [
        [(m.column, m.owner, m.values.tolist(), sorted(zip(m.at.tolist(), m.places.tolist(), strict=True)), m.explained)
         for m in sorted(each, key=lambda m: (m.column, m.owner))]
        for each in several
    ]  # fmt: skip


@pytest.mark.parametrize("part", [1, 7, 64, 500])
def test_the_matches_are_the_same_in_any_parts(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _found()
    assert {owner for _, owner, *_ in whole[0]} == {0, 1, 3, 5}
    assert not whole[2]
    assert not any(explained for *_, explained in whole[0])
    monkeypatch.setattr(held, "_PART", part)
    monkeypatch.setattr(held, "_PARTS", 1 << 40)
    assert len(list(SortedConstants.of(CONSTANTS))) > 1
    assert _found() == whole


def test_the_matches_are_the_same_where_columns_are_searched_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _found()
    monkeypatch.setattr(single_values, "_SEARCHED", 1)
    assert _found() == whole


def test_places_are_those_of_the_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "_PART", 10)
    monkeypatch.setattr(held, "_PARTS", 1 << 40)
    seen = []
    for part in SortedConstants.of(CONSTANTS):
        for value, owner, place in zip(part.values.tolist(), part.owners.tolist(), part.places.tolist(), strict=True):
            assert CONSTANTS[owner].values.reshape(-1)[place] == value
            seen.append((owner, place))
        assert (np.diff(part.values) >= 0).all()
    expected = [
        (owner, place)
        for owner, constant in enumerate(CONSTANTS)
        for place, value in enumerate(constant.values.reshape(-1).tolist())
        if np.isfinite(value) and abs(value) not in (0.0, 0.5, 1.0, 2.0) and constant.stored.shape != ()
    ]
    assert sorted(seen) == expected


@pytest.mark.parametrize("cells", [1, 40])
def test_whole_rows_are_the_same_in_any_parts(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = whole_rows(UNITS[0], CONSTANTS)
    assert whole[0] == {5, 6, 7, 8}
    monkeypatch.setattr(rows, "_CELLS", cells)
    assert whole_rows(UNITS[0], CONSTANTS) == whole
