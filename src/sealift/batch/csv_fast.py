"""Read simple blocks of a CSV file by pyarrow, where it is installed: about ten times faster than cell by cell.

Only blocks for which pyarrow and the contract agree are read: without quotes and lone CRs, and with finite numbers. For
other blocks the result is None, and the caller reads them cell by cell.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.batch.arrow import present, values_of
from sealift.batch.csv_blocks import Block
from sealift.contract import MISSING_WORDS

_CACHED = 1 << 18  # bytes parsed at once, which stay in the processor's cache; longer lines are read cell by cell


class ArrowBlocks:
    """Reads blocks of whole lines into columns: numbers as float64 arrays with NaN where missing, others as strings."""

    def __init__(self, width: int, wanted: dict[str, int], numbers: Collection[str], separator: str) -> None:
        """`wanted` maps names to positions. Raises ImportError where pyarrow is not installed."""
        import pyarrow
        from pyarrow import csv

        self._arrow = pyarrow
        self._read = csv.read_csv
        self._wanted = list(wanted)
        self._numbers = numbers
        self._empty = separator.encode() * (width - 1) + b"\n"
        types = {
            f"c{position}": pyarrow.float64() if name in numbers else pyarrow.string()
            for name, position in wanted.items()
        }
        # Without threads: a block is small, and the other processors run the graph.
        self._options: dict[str, Any] = {
            "read_options": csv.ReadOptions(
                column_names=[f"c{at}" for at in range(width)], use_threads=False, block_size=_CACHED
            ),
            "parse_options": csv.ParseOptions(delimiter=separator, quote_char=False),
        }
        # Comparing each cell with the words takes a sixth of the time, and most files leave missing cells empty.
        self._conversions = [
            csv.ConvertOptions(
                column_types=types, include_columns=list(types), null_values=words, strings_can_be_null=False
            )
            for words in ([""], list(MISSING_WORDS))
        ]

    def columns(self, block: Block) -> tuple[int, dict[str, Sequence[Any] | npt.NDArray[Any]]] | None:
        """The number of records in `block` and their columns; None when it must be read cell by cell."""
        try:
            str(block, "utf-8")  # checks the other columns too
        except UnicodeDecodeError:
            return None
        converted = self._converted(block)
        if converted is None and len(self._conversions) > 1:
            del self._conversions[0]  # for the rest of the file
            converted = self._converted(block)
        if converted is None:
            return None
        count, columns, is_full = converted
        # An empty record has to be counted. A column of numbers without a missing value shows that there is none.
        return None if not is_full and self._has_empty(bytes(block)) else (count, columns)

    def _converted(self, block: Block) -> tuple[int, dict[str, Sequence[Any] | npt.NDArray[Any]], bool] | None:
        """The number of records, their columns, and whether a column of numbers has no missing value."""
        try:
            table = self._read(
                self._arrow.BufferReader(block), **self._options, convert_options=self._conversions[0]
            ).combine_chunks()
        except self._arrow.ArrowException:
            return None
        columns: dict[str, Sequence[Any] | npt.NDArray[Any]] = {}
        is_full = False
        for name, values in zip(self._wanted, table.itercolumns(), strict=True):
            if name in self._numbers:
                array = _doubles(values)
                if array is None:
                    return None
                columns[name] = array
                is_full = is_full or not values.null_count
            else:
                columns[name] = values.to_pylist()
        return table.num_rows, columns, is_full

    def _has_empty(self, block: bytes) -> bool:
        return block.startswith(self._empty) or b"\n" + self._empty in block


def _doubles(values: Any) -> npt.NDArray[np.float64] | None:
    """A column with NaN where it is null; None where another value is not finite: 'inf', 'NAN' or '1e999'.

    The contract refuses these. The array may be read-only.
    """
    parts = [values_of(part) for part in values.chunks]
    array: npt.NDArray[np.float64] = parts[0] if len(parts) == 1 else np.concatenate(parts or [np.empty(0)])
    finite = np.isfinite(array)
    if values.null_count:
        gaps = ~np.concatenate([present(part) for part in values.chunks])
        array = array.copy()
        array[gaps] = np.nan
        finite |= gaps
    return array if finite.all() else None
