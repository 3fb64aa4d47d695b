"""The fast path for rows of the usual types: a contract compiled once, in place of `columns_of` and `encode`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from sealift.contract.check import Array, Batch, encode
from sealift.contract.compiled import CompiledContract, Getter, Tensors
from sealift.contract.compiled_row import CompiledRow
from sealift.contract.contract import Contract
from sealift.contract.first_row import column_names, first_row
from sealift.contract.rows import columns_of, is_one, is_single

Piece: TypeAlias = Callable[[int, int], Tensors | None]
"""The tensors of the rows from `start` to `stop`; None where one of them may have a problem."""

_SMALL = 1024  # rows for which a copy takes less time than the question whether it is needed
_NARROW = 100  # columns up to which Python checks a row in less time than NumPy
_DICT = {dict}
_STRING = {str}
_SEQUENCES = frozenset({list, tuple})


class RowReader:
    """Reads rows for one contract. Threads may share it.

    Attributes:
        any_numbers: as `CompiledRow.any_numbers`.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        names = [field.name for field in contract.inputs]
        self._compiled = CompiledContract(contract)
        compiled_row = CompiledRow(contract)
        self.any_numbers = compiled_row.any_numbers
        self._row: Callable[[Any, tuple[Getter, Getter]], Tensors | None] = (
            compiled_row.tensors
            if len(names) <= _NARROW
            else lambda row, getters: self._compiled.of_records([row], getters)
        )
        self._names = names
        self._width = len(names)
        self._permitted = frozenset(names) | contract.ignored_names
        self._named = frozenset(names)
        self._blank = dict.fromkeys(field.name for field in contract.inputs if field.missing == "allowed")
        self._by_name = self._compiled.getters(names)
        dropped = {column.position for column in contract.ignored}
        every = len(names) + len(dropped)
        kept = [place for place in range(every) if place not in dropped]
        self._places: dict[int, Sequence[int]] = {every: kept} | {len(names): range(len(names))}
        self._by_place = {width: self._compiled.getters(places) for width, places in self._places.items()}

    def one(self, rows: Any) -> Tensors | None:
        """The tensors of one row of a usual type; None where `pieces` must be asked, which gives the same tensors."""
        kind = type(rows)
        if kind is dict:
            return self._row(rows, self._by_name) if len(rows) == self._width else None
        if kind in _SEQUENCES and len(rows) == 1:
            row = rows[0]
            if type(row) is dict:
                return self._row(row, self._by_name) if len(row) == self._width else None
            if type(row) not in _SEQUENCES:
                return None
        elif kind is np.ndarray and rows.ndim == 2 and len(rows) == 1 and rows.dtype.kind in "OU":
            row = rows[0].tolist()
        else:
            return None
        getters = self._by_place.get(len(row))
        return None if getters is None else self._row(row, getters)

    def pieces(self, rows: Any, *, ignore_extra: bool = False) -> tuple[int, Piece]:
        """The number of rows, and a function that gives the tensors of some of them.

        Args:
            rows, ignore_extra: as for `columns_of`.

        Raises:
            ContractError: E101 to E105, when the rows do not fit the contract.
        """
        try:
            usual = self._usual(rows, ignore_extra)
        except Exception:  # `columns_of` reports what is wrong with the object
            usual = None
        return usual or self.columns(columns_of(self.contract, rows, ignore_extra=ignore_extra))

    def columns(self, columns: Any) -> tuple[int, Piece]:
        """The same for columns by name (`columns_of`)."""
        count = len(columns[self._names[0]])
        return count, lambda start, stop: self._compiled.of_columns(columns, slice(start, stop))

    def encode(self, columns: Any, *, first_row: int = 1) -> Batch:
        """As `check.encode`, which is called where a row may have a problem."""
        count, piece = self.columns(columns)
        tensors = piece(0, count)
        if tensors is None:
            return encode(self.contract, columns, first_row=first_row)
        return Batch(tensors, np.ones(count, dtype=np.bool_), ())

    def _usual(self, rows: Any, ignore_extra: bool) -> tuple[int, Piece] | None:
        """Rows of types whose values can be read without a call for each column; None for all others."""
        kind = type(rows)
        if kind is dict:
            # A dict with a list under an unknown name is neither a row nor a dict of columns.
            if len(rows) != self._width:
                return self._of_dicts([rows], ignore_extra) if is_one(rows) else None
            if not is_single(next(iter(rows.values()))):
                return None
            return 1, partial(self._records, [rows], self._by_name, None)
        if kind in _SEQUENCES:
            kinds = set(map(type, rows))
            if kinds == _DICT:
                return self._of_dicts(rows, ignore_extra)
            return self._of_sequences(rows) if kinds and kinds <= _SEQUENCES else None
        if kind is np.ndarray:
            return self._of_array(rows) if rows.ndim == 2 and len(rows) else None
        module = kind.__module__.partition(".")[0]
        if kind.__name__ == "DataFrame" and module == "pandas":
            return self._of_frame(rows, ignore_extra) if len(rows) else None
        if kind.__name__ == "Table" and module == "pyarrow" and len(rows):
            # Column by column, but some rows at a time: nulls and dates are converted in the thread that runs the rows.
            return len(rows), lambda start, stop: self._of_table(rows.slice(start, stop - start), ignore_extra)
        return None

    def _of_dicts(self, rows: Sequence[dict[Any, Any]], ignore_extra: bool) -> tuple[int, Piece] | None:
        blank: dict[str, Any] | None = None
        if set(map(len, rows)) != {self._width}:
            if all(map(self._permitted.issuperset, rows)):
                blank = self._blank  # a key that is absent is a missing value
            elif not ignore_extra:
                return None
        return len(rows), partial(self._records, rows, self._by_name, blank)

    def _of_sequences(self, rows: Sequence[Sequence[Any]]) -> tuple[int, Piece] | None:
        widths = set(map(len, rows))
        getters = self._by_place.get(widths.pop()) if len(widths) == 1 else None
        return None if getters is None else (len(rows), partial(self._records, rows, getters, None))

    def _of_array(self, rows: Array) -> tuple[int, Piece] | None:
        places = self._places.get(rows.shape[1])
        if places is None:
            return None
        if rows.dtype.kind in "OU":
            getters = self._by_place[rows.shape[1]]
            return len(rows), lambda start, stop: self._records(
                rows[start:stop].tolist(), getters, None, 0, stop - start
            )
        return self._of_matrix(rows, None if len(places) == rows.shape[1] else places)

    def _of_matrix(self, matrix: Array, places: Sequence[int] | None) -> tuple[int, Piece] | None:
        if not self._compiled.numeric:
            return None
        if places is None:
            return len(matrix), lambda start, stop: self._compiled.of_matrix(matrix[start:stop])
        return len(matrix), lambda start, stop: self._compiled.of_matrix(matrix[start:stop, places])

    def _of_frame(self, rows: Any, ignore_extra: bool) -> tuple[int, Piece] | None:
        names = column_names(rows)
        if set(map(type, names)) != _STRING:
            return None
        places: Sequence[int] | None = None
        if names != self._names:
            index = {name: place for place, name in enumerate(names)}
            known = self._permitted.issuperset(index) or ignore_extra
            if len(index) != len(names) or not known or not self._named.issubset(index):
                return None
            places = [index[name] for name in self._names]
        if len(rows) == 1:
            getters = self._by_place[self._width] if places is None else self._compiled.getters(places)
            return 1, partial(self._records, [first_row(rows)], getters, None)
        if not self._compiled.numeric or len(set(rows.dtypes.tolist())) != 1 or not _is_one_block(rows):
            return None
        matrix = rows.to_numpy()
        return self._of_matrix(matrix, places) if matrix.dtype.kind in "fiub" else None

    def _of_table(self, rows: Any, ignore_extra: bool) -> Tensors | None:
        columns = columns_of(self.contract, rows, ignore_extra=ignore_extra)
        return self._compiled.of_columns(columns, slice(None))

    def _records(
        self,
        rows: Sequence[Any],
        getters: tuple[Getter, Getter],
        blank: Mapping[str, Any] | None,
        start: int,
        stop: int,
    ) -> Tensors | None:
        part = rows[start:stop]
        if blank is not None:
            part = [{**blank, **row} for row in part]
        return self._row(part[0], getters) if len(part) == 1 else self._compiled.of_records(part, getters)


def _is_one_block(frame: Any) -> bool:
    """Whether a data frame of one dtype gives its values without a copy, or is small enough to be copied."""
    if len(frame) <= _SMALL:
        return True
    first = frame.iloc[:1]
    return bool(np.may_share_memory(first.to_numpy(), first.to_numpy()))
