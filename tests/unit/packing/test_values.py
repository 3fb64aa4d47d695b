"""Numbers in an array as plain values."""

from __future__ import annotations

import math

import numpy as np

from sealift.packing.inputs.columns import as_numbers, picked
from sealift.packing.inputs.number_values import NumberValues, count_distinct, distinct


def test_are_plain_values() -> None:
    values = NumberValues(np.array([1.5, math.nan, -0.0]))
    assert list(values) == [1.5, None, -0.0]
    assert (values[0], values[1], values[-1], len(values)) == (1.5, None, 0.0, 3)
    assert values == [1.5, None, 0.0]
    assert values != [1.5, None, 1.0]
    assert values[1:] == [None, 0.0]
    assert None in values
    assert {type(value) for value in NumberValues(np.array([1, 2], dtype=np.uint8))} == {int}
    assert list(NumberValues(np.array([True, False]))) == [True, False]


def test_longer_than_a_chunk() -> None:
    array = np.arange(10_001.0)
    assert list(NumberValues(array)) == array.tolist()


def test_distinct_values() -> None:
    values = NumberValues(np.array([2.0, math.nan, 2.0, math.nan, 1.0]))
    assert distinct(values) == distinct([2.0, None, 1.0]) == {1.0, 2.0}
    assert count_distinct(values) == count_distinct(list(values)) == 3


def test_arrays_made_of_them_are_their_own() -> None:
    values = NumberValues(np.array([1.0, 2.0, 3.0]))
    as_numbers(values)[0] = 9.0
    assert picked({"a": values}, np.array([True, False, True]))["a"] == [1.0, 3.0]
