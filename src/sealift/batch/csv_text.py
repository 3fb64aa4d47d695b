"""Columns of answers to lines of CSV by pyarrow, in one call for all rows and outside of Python's lock.

It writes only what it cannot write differently from the csv module: whole numbers, booleans, numbers with a fraction
whose shortest digits have no exponent, and strings that need no quotes. Other numbers are written one by one, and for
any other column the answer is None.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_SPECIAL = '",\r\n'
_LEAST, _MOST = 1e-4, 1e9  # between them neither Python nor Arrow writes an exponent


def lines(columns: Sequence[Sequence[Any] | npt.NDArray[Any]], odd: Callable[[float], object]) -> bytes | None:
    """The rows as UTF-8, each with LF at its end; None where pyarrow was not imported before or cannot write them.

    Args:
        columns: of equal length, not empty.
        odd: how a number without a fraction, a very small or large one, or one that is not finite is written.
    """
    arrow, count = sys.modules.get("pyarrow"), len(columns[0])
    if arrow is None or len(columns) < 2 or not count:
        return None
    from pyarrow import compute

    parts: list[Any] = []
    for values in columns:
        part = _part(arrow, compute, values, count, odd)
        if part is None:
            return None
        parts.append(part)
    parts[-1] = compute.binary_join_element_wise(parts[-1], "\n", "")
    rows = compute.binary_join_element_wise(*parts, ",")
    if not isinstance(rows, arrow.Array) or rows.null_count:
        return None
    _, offsets, text = rows.buffers()
    start, stop = np.frombuffer(offsets, dtype=np.int32)[[rows.offset, rows.offset + count]]
    return bytes(memoryview(text)[start:stop])


def _part(
    arrow: Any, compute: Any, values: Sequence[Any] | npt.NDArray[Any], count: int, odd: Callable[[float], object]
) -> Any:
    """One column as an Array of strings; None where it cannot be one."""
    if isinstance(values, range):
        values = np.arange(values.start, values.stop)
    if isinstance(values, np.ndarray) and values.dtype == np.int64:
        return compute.cast(_array(arrow, arrow.int64(), values), arrow.string())
    if isinstance(values, np.ndarray) and values.dtype == np.bool_:
        return compute.cast(_bits(arrow, values), arrow.string())
    if isinstance(values, np.ndarray) and values.dtype == np.float64:
        texts = compute.cast(_array(arrow, arrow.float64(), values), arrow.string())
        size = np.abs(values)
        plain = (size >= _LEAST) & (size < _MOST) & (values != np.floor(values))
        if not plain.all():
            spelled = [str(odd(value)) for value in values[~plain].tolist()]
            texts = compute.replace_with_mask(texts, _bits(arrow, ~plain), arrow.array(spelled, arrow.string()))
        return texts
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    if set(map(type, listed)) != {str}:
        return None
    joined = "".join(listed)
    if any(char in joined for char in _SPECIAL):
        return None
    return arrow.array(listed, arrow.string()) if joined else arrow.repeat(arrow.scalar("", arrow.string()), count)


def _array(arrow: Any, kind: Any, values: npt.NDArray[Any]) -> Any:
    # arrow.array would import pandas wherever it is installed.
    return arrow.Array.from_buffers(kind, len(values), [None, arrow.py_buffer(np.ascontiguousarray(values))])


def _bits(arrow: Any, values: npt.NDArray[np.bool_]) -> Any:
    bits = np.packbits(values, bitorder="little")
    return arrow.Array.from_buffers(arrow.bool_(), len(values), [None, arrow.py_buffer(bits)])
