"""No line that equals a row is kept back by the few columns that are read first, and nearly all others are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from sealift.packing.privacy import sieve as module
from sealift.packing.privacy.rows_by_value import RowsByValue
from sealift.packing.privacy.sieve import Sieve

_Floats = npt.NDArray[np.float64]


def sieve(table: _Floats, *, scaled: bool) -> Sieve:
    return Sieve.of(table, spreads(table), scaled=scaled)


def spreads(table: _Floats) -> _Floats:
    spread = table.std(axis=0)
    return np.where(spread == 0, 1.0, spread)


def tables(seed: int) -> list[_Floats]:
    """Rows of different kinds: dense, of other magnitudes, mostly zeros, of few values."""
    random = np.random.default_rng(seed)
    dense = random.normal(size=(300, 50))
    sparse = np.where(random.random((300, 50)) < 0.04, dense, 0.0)
    sparse[0] = 0.0
    return [
        dense,
        dense * 10.0 ** random.integers(-9, 9, 50),
        sparse,
        np.maximum(dense, 0),
        random.integers(0, 3, (300, 50)).astype(float),
        dense[:, :2],
        np.insert(sparse[:40], 3, 1e-7 * dense[:40, 0], axis=1),
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("tolerance", [1e-9, 1.2e-7])
@pytest.mark.parametrize("kind", range(7))
def test_every_line_that_equals_a_row_passes(
    seed: int, scaled: bool, tolerance: float, kind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tables(seed)[kind]
    random = np.random.default_rng(seed)
    factors = random.choice([-1, 1], (len(table), 1)) * 10.0 ** random.uniform(-3, 3, (len(table), 1))
    lines = table * (factors if scaled else 1) * (1 + random.uniform(-3, 3, table.shape) * tolerance)
    lines = np.vstack([lines, random.normal(size=lines.shape)])
    columns = np.arange(table.shape[1])
    monkeypatch.setattr(module, "_CELLS", 500)
    passed = sieve(table, scaled=scaled).passed(lines, columns, tolerance)
    rows = RowsByValue(table, scaled)._projected
    equal = rows.equal(lines, tolerance).tolist()
    assert sorted(rows.equal(lines[passed], tolerance).tolist()) == sorted(equal)
    if kind != 4:  # where rows are many times the same, none is anybody's
        assert len(equal) > 10


@pytest.mark.parametrize("scaled", [False, True])
def test_hardly_another_line_passes(scaled: bool) -> None:
    random = np.random.default_rng(0)
    for table in (random.normal(size=(300, 400)), np.maximum(random.normal(size=(300, 400)), 0)):
        lines = random.normal(size=(5000, 400)).astype(np.float32)
        assert len(sieve(table, scaled=scaled).passed(lines, np.arange(400), 1.2e-7)) < 50


def test_columns_that_differ_most_are_read() -> None:
    random = np.random.default_rng(0)
    table = random.integers(0, 2, (3000, 60)).astype(float)
    table[:, [7, 50]] = random.normal(size=(3000, 2))
    for scaled in (False, True):
        columns = sieve(table, scaled=scaled).columns
        assert columns is not None
        assert {7, 50} <= set(columns.tolist())
        assert len(columns) < 20


def test_every_line_passes_where_too_many_columns_are_needed() -> None:
    lone = np.diag(np.linspace(1, 2, 100))  # each row has its length in a column of its own
    assert sieve(lone, scaled=True).columns is None
    assert sieve(lone, scaled=True).passed(np.zeros((7, 100)), np.arange(100), 1e-9).tolist() == list(range(7))
    some = np.diag(np.linspace(1, 2, 60))
    columns = sieve(some, scaled=True).columns
    assert columns is not None
    assert len(columns) == 60


def test_columns_are_those_of_the_lines() -> None:
    table = np.random.default_rng(0).normal(size=(50, 3))
    lines = np.full((9, 6), np.nan)
    lines[4, [5, 0, 2]] = table[11]
    lines[:, 1] = 0.0
    for scaled in (False, True):
        assert sieve(table, scaled=scaled).passed(lines, np.array([5, 0, 2]), 1e-9).tolist() == [4]
