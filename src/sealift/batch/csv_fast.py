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
        self._wanted = {name: f"c{position}" for name, position in wanted.items()}
        self._numbers = numbers
        self._empty = b"\n" + separator.encode() * (width - 1) + b"\n"
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

    def columns(self, block: bytes) -> tuple[int, dict[str, Sequence[Any] | npt.NDArray[Any]]] | None:
        """The number of records in `block` and their columns; None when it must be read cell by cell."""
        if self._empty in b"\n" + block:
            return None
        try:
            block.decode()  # checks the other columns too
        except UnicodeDecodeError:
            return None
        found = self._converted(block)
        if found is None and len(self._conversions) > 1:
            del self._conversions[0]  # for the rest of the file
            found = self._converted(block)
        return found

    def _converted(self, block: bytes) -> tuple[int, dict[str, Sequence[Any] | npt.NDArray[Any]]] | None:
        try:
            table = self._read(
                self._arrow.BufferReader(block), **self._options, convert_options=self._conversions[0]
            ).combine_chunks()
        except self._arrow.ArrowException:
            return None
        columns: dict[str, Sequence[Any] | npt.NDArray[Any]] = {}
        for name, column in self._wanted.items():
            values = table.column(column)
            if name in self._numbers:
                array = np.concatenate([values_of(piece) for piece in values.chunks] or [np.empty(0)])
                if values.null_count:
                    array[~np.concatenate([present(piece) for piece in values.chunks])] = np.nan
                # A value that is neither finite nor null was 'inf', 'NAN' or '1e999', which the contract refuses.
                if int(np.count_nonzero(~np.isfinite(array))) != values.null_count:
                    return None
                columns[name] = array
            else:
                columns[name] = values.to_pylist()
        return table.num_rows, columns
