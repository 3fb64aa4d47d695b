"""Thresholds on doubles that decide as thresholds on their float32 would."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from sealift.graph.trees import before_rounding

doubles = st.one_of(st.floats(allow_nan=False), st.floats(allow_nan=False, width=32))


@given(threshold=doubles, other=doubles)
@example(threshold=0.0, other=7e-46)
@example(threshold=float(np.finfo(np.float32).max), other=3.4028235677973366e38)
@example(threshold=float("-inf"), other=-3.4028235677973366e38)
def test_the_same_doubles_pass(threshold: float, other: float) -> None:
    moved = float(before_rounding(np.array([threshold]))[0])
    with np.errstate(over="ignore"):
        beside = (np.nextafter(moved, -np.inf), moved, np.nextafter(moved, np.inf), np.nextafter(threshold, np.inf))
    for x in (*beside, threshold, other):
        with np.errstate(over="ignore"):
            rounded = float(np.float32(x))
        assert (rounded <= threshold) is bool(x <= moved), x
