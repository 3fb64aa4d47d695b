"""By how much answers may differ, and which tolerances a file may state (spec/SEAL.md §6)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sealift.contract.outputs.tolerance import LOOSEST, Tolerance, allowance, matches

_Floats = npt.NDArray[np.float64]


def column(*values: float) -> _Floats:
    return np.array(values, dtype=np.float64)


def read(relative: Any, scale: Any, expected: _Floats, width: int | None = None) -> Tolerance:
    return Tolerance.from_json({"relative": relative, "scale": scale}, width, expected)


def test_the_loosest_is_a_hundredth() -> None:
    assert LOOSEST == 0.01


def test_a_difference_is_relative_to_the_larger_of_answer_and_scale() -> None:
    tolerance = Tolerance(0.25, 8.0)
    expected = column(0.0, 0.0, 16.0, 16.0, -16.0, -16.0, 8.0)
    got = column(2.0, 2.25, 12.0, 20.25, -12.0, -11.75, 6.0)
    agree, worst = matches(got, expected, tolerance)
    assert agree.tolist() == [True, False, True, False, True, False, True]
    assert worst == 2.25 / 8.0


def test_a_row_agrees_if_each_of_its_columns_does_by_its_own_scale() -> None:
    expected = np.zeros((3, 2))
    got = np.array([[0.25, 2.0], [0.25, 2.5], [0.5, 2.0]])
    agree, worst = matches(got, expected, Tolerance(0.25, (1.0, 8.0)))
    assert agree.tolist() == [True, False, False]
    assert worst == 0.5


def test_missing_and_infinite_answers_must_be_equal() -> None:
    nan, inf = np.nan, np.inf
    expected = column(nan, nan, 1.0, inf, inf, -inf, 1.0, inf)
    got = column(nan, 1.0, nan, inf, -inf, -inf, inf, 1.0)
    agree, worst = matches(got, expected, Tolerance(0.01, 1.0))
    assert agree.tolist() == [True, False, False, True, False, True, False, False]
    assert worst == inf
    assert matches(expected[[0, 3, 5]], expected[[0, 3, 5]], Tolerance(0.01, 1.0))[1] == 0.0


def test_without_a_tolerance_answers_are_equal_or_not() -> None:
    expected = np.array(["a", "b"])
    agree, worst = matches(np.array(["a", "c"]), expected, None)
    assert (agree.tolist(), worst) == ([True, False], np.inf)
    assert matches(expected, expected, None)[1] == 0.0
    wide = np.array([[1, 2], [3, 4]])
    assert matches(wide + np.array([[0, 0], [0, 1]]), wide, None)[0].tolist() == [True, False]


def test_answers_of_another_shape_agree_nowhere() -> None:
    agree, worst = matches(np.zeros((2, 1)), np.zeros(2), Tolerance(0.01, 1.0))
    assert (agree.tolist(), worst) == ([False, False], np.inf)
    assert agree.dtype == np.bool_


def test_float32_answers_are_compared_in_double() -> None:
    got, expected = np.array([16777216.0], np.float32), column(16777217.0)
    assert matches(got, expected, Tolerance(1e-9, 1.0))[0].tolist() == [False]


def test_no_rows_agree() -> None:
    agree, worst = matches(np.zeros((0, 2)), np.zeros((0, 2)), Tolerance(0.01, 1.0))
    assert (agree.shape, worst) == ((0,), 0.0)


def test_the_allowance_is_a_hundredth_of_the_largest_finite_answer() -> None:
    assert allowance(column(-300.0, 2.0, np.inf, np.nan)) == 3.0
    assert allowance(column(0.25)) == 0.0025
    # Of nothing but zeros, of 1.
    assert allowance(column(0.0, np.nan)) == allowance(np.zeros(0)) == 0.01


def test_a_tolerance_is_read_as_it_was_written() -> None:
    for tolerance, width in ((Tolerance(1e-6, 2.0), None), (Tolerance(1e-6, (1.0, 2.0)), 2)):
        assert Tolerance.from_json(tolerance.as_dict(), width, column(5.0)) == tolerance
    assert Tolerance(1e-6, (1.0, 2.0)).as_dict() == {"relative": 1e-6, "scale": [1.0, 2.0]}
    assert Tolerance(1e-6, 2.0).as_dict() == {"relative": 1e-6, "scale": 2.0}


@pytest.mark.parametrize(
    ("relative", "scale", "width"),
    [(0.01, 300.0, None), (0.01, [300.0, 0.0], 2), (0.0, 1e300, None), (0, 0, None)],
)
def test_what_the_format_just_allows(relative: Any, scale: Any, width: int | None) -> None:
    assert read(relative, scale, column(-300.0, 2.0), width).relative == relative


@pytest.mark.parametrize(
    ("relative", "scale", "width", "reason"),
    [
        (np.nextafter(0.01, 1.0), 0.0, None, "larger"),
        (0.01, 300.001, None, "larger"),
        (0.01, [1.0, 300.001], 2, "larger"),
        (-1e-9, 1.0, None, "finite"),
        (1e-9, -1.0, None, "finite"),
        (1e-9, [1.0, -1.0], 2, "finite"),
        (0.0, "Infinity", None, "finite"),
        ("Infinity", 0.0, None, "finite"),
        ("NaN", 0.0, None, "finite"),
        (1e-9, [1.0], 2, "scales"),
        (1e-9, [1.0, 1.0], None, "scales"),
        (1e-9, [1.0, 1.0, 1.0], 2, "scales"),
    ],
)
def test_what_the_format_does_not_allow(relative: Any, scale: Any, width: int | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read(relative, scale, column(-300.0, 2.0), width)


@pytest.mark.parametrize("scale", [1e9, 4.0])
def test_capped_scales_are_accepted_and_no_smaller_than_they_must_be(scale: float) -> None:
    expected = column(-300.0, 2.0)
    most = 3.0 / 1e-3
    one = Tolerance(1e-3, scale).capped(expected)
    several = Tolerance(1e-3, (1.0, scale)).capped(expected)
    assert isinstance(one.scale, float)
    assert several == Tolerance(1e-3, (1.0, one.scale))
    assert one.scale == pytest.approx(min(scale, most), rel=1e-11)
    for capped, width in ((one, None), (several, 2)):
        assert Tolerance.from_json(capped.as_dict(), width, expected) == capped
