"""The first row of a pandas data frame."""

from __future__ import annotations

from typing import Any

import numpy as np

_NUMPYS = frozenset("fiubO")


def first_row(frame: Any) -> list[Any]:
    """The values of the first row, as `frame.iloc[0].tolist()` gives them, which takes 60 µs for 30 mixed columns.

    The columns of a dtype lie together in blocks. pandas does not promise that: where it is otherwise, it is asked.
    """
    width = frame.shape[1]
    row: list[Any] = [None] * width
    filled = 0
    try:
        for block in frame._mgr.blocks:
            places = block.mgr_locs.as_array.tolist()
            for place, value in zip(places, _cells(block.values, len(places)), strict=True):
                row[place] = value
            filled += len(places)
    except Exception:  # another version of pandas
        filled = -1
    if filled == width:
        return row
    values: list[Any] = frame.iloc[0].tolist()
    return values


def _cells(values: Any, count: int) -> list[Any]:
    """The first value of each of the `count` columns of a block."""
    if values.ndim == 1:
        return [values[0]]
    kind = values.dtype.kind if isinstance(values.dtype, np.dtype) else ""  # a time zone has a dtype of pandas' own
    if kind in _NUMPYS:
        cells: list[Any] = np.asarray(values)[:, 0].tolist()
        return cells
    if kind == "M":
        exact = np.asarray(values)[:, 0]
        micros = exact.astype("datetime64[us]")  # of which `tolist` makes dates
        if ((micros == exact) | np.isnat(exact)).all():
            dates: list[Any] = micros.tolist()
            return dates
    return [values[column, 0] for column in range(count)]
