"""Render columns as lines of CSV at once: by pyarrow, which releases the GIL, or by one format string.

Only columns that the csv module would write alike are rendered: integers, booleans, floats whose shortest form has a
fraction and no exponent, and strings that need no quotes. Other floats are written one by one; for other columns the
result is None.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

_SPECIAL = '",\r\n'
_LEAST, _MOST = 1e-4, 1e9  # between them neither Python nor Arrow writes an exponent


def lines(columns: Sequence[Sequence[Any] | npt.NDArray[Any]], odd: Callable[[float], object]) -> bytes | None:
    """The rows as UTF-8, each ending in LF; None where the csv module must write them.

    pyarrow is used only if it is already imported, since its import takes longer than writing a small file.

    Args:
        columns: non-empty columns of equal length.
        odd: renders numbers without a fraction, very small or large ones, and those that are not finite.
    """
    arrow, count = sys.modules.get("pyarrow"), len(columns[0])
    if len(columns) < 2 or not count:
        return None
    if arrow is None:
        return _formatted(columns)
    from pyarrow import compute

    newline, nothing, comma = _marks()
    parts: list[Any] = []
    last = columns[-1]
    # Mostly no row has an error: the last cells are empty, and a line break takes the place of all of them.
    ends_empty = isinstance(last, list) and last.count("") == count
    for values in columns[:-1] if ends_empty else columns:
        part = _part(arrow, compute, values, odd)
        if part is None:
            return None
        parts.append(part)
    if ends_empty:
        parts.append(newline)
    else:
        parts[-1] = compute.binary_join_element_wise(parts[-1], newline, nothing)
    rows = compute.binary_join_element_wise(*parts, comma)
    if not isinstance(rows, arrow.Array) or rows.null_count:
        return None
    _, offsets, text = rows.buffers()
    start, stop = np.frombuffer(offsets, dtype=np.int32)[[rows.offset, rows.offset + count]]
    return bytes(memoryview(text)[start:stop])


def _formatted(columns: Sequence[Sequence[Any] | npt.NDArray[Any]]) -> bytes | None:
    """The rows by one format string; None where a column is not finite numbers or plain strings."""
    formats, cells = [], []
    for values in columns:
        kind = values.dtype if isinstance(values, np.ndarray) else None
        listed: Sequence[Any] = values.tolist() if isinstance(values, np.ndarray) else values
        if isinstance(values, range) or kind == np.int64:
            formats.append("%d")
        elif isinstance(values, np.ndarray) and kind == np.float64 and np.isfinite(values).all():
            formats.append("%r")
        elif _is_plain(listed):
            formats.append("%s")
        else:
            return None
        cells.append(listed)
    row = ",".join(formats) + "\n"
    return "".join(map(row.__mod__, zip(*cells, strict=True))).encode()


def _is_plain(values: Sequence[Any]) -> bool:
    """Whether these are strings that need no quotes."""
    if set(map(type, values)) != {str}:
        return False
    joined = "".join(values)
    return not any(char in joined for char in _SPECIAL)


def _part(arrow: Any, compute: Any, values: Sequence[Any] | npt.NDArray[Any], odd: Callable[[float], object]) -> Any:
    """A column as an Array of strings; None where that is not possible."""
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
            texts = compute.replace_with_mask(texts, _bits(arrow, ~plain), _strings(arrow, spelled))
        return texts
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return _strings(arrow, listed) if _is_plain(listed) else None


@cache
def _marks() -> tuple[Any, Any, Any]:
    """A line break, the empty string and a comma as pyarrow's; of Python's, pyarrow would import pandas."""
    newline, nothing, comma = _strings(sys.modules["pyarrow"], ["\n", "", ","])
    return newline, nothing, comma


def _strings(arrow: Any, values: Sequence[str]) -> Any:
    encoded: list[bytes] = []
    ends = np.zeros(len(values) + 1, dtype=np.int64)
    if any(values):  # mostly no row has an error
        encoded = [value.encode() for value in values]
        np.cumsum(list(map(len, encoded)), out=ends[1:])
    offsets, data = arrow.py_buffer(ends), arrow.py_buffer(b"".join(encoded))
    return arrow.LargeStringArray.from_buffers(len(values), offsets, data).cast(arrow.string())


def _array(arrow: Any, kind: Any, values: npt.NDArray[Any]) -> Any:
    # arrow.array would import pandas where it is installed.
    return arrow.Array.from_buffers(kind, len(values), [None, arrow.py_buffer(np.ascontiguousarray(values))])


def _bits(arrow: Any, values: npt.NDArray[np.bool_]) -> Any:
    bits = np.packbits(values, bitorder="little")
    return arrow.Array.from_buffers(arrow.bool_(), len(values), [None, arrow.py_buffer(bits)])
