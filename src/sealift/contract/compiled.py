"""A contract compiled into checks of whole rows and whole matrices, for rows without a problem.

`check.encode` reports every problem, field by field. Most rows have none; for them a few operations on all fields at
once give the same tensors. Where a value raises, fails a check or has an unusual type, the result is None and the
caller uses `check.encode`, so that only that module decides what is wrong.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract.check import Array
from sealift.contract.contract import Contract
from sealift.contract.field import Field
from sealift.contract.plain_values import NotPlain, floats, listed, numbers, plain_strings

Tensors: TypeAlias = dict[str, Array]
Getter: TypeAlias = Callable[[Any], Sequence[Any]]

LARGEST = float(np.finfo(np.float64).max)
_FEW = 64
_TALL = 32  # rows from which a call for each column takes less time than one pass over all values
_BLOCK = 512  # rows whose values stay in the processor's cache from one check to the next


class CompiledContract:
    """The checks of a contract. Calls do not change its state, so threads may share it.

    Attributes:
        contract: the contract.
        numeric: whether all inputs are numbers, so that a row is a sequence of doubles.
    """

    def __init__(self, contract: Contract) -> None:
        fields = contract.inputs
        self.contract = contract
        self._numbers = [i for i, field in enumerate(fields) if field.type.feeds == "number"]
        self._text_fields = [i for i, field in enumerate(fields) if field.type.feeds == "text"]
        # Types with a tensor of their own are left to `check.encode`.
        self._others = len(self._numbers) + len(self._text_fields) < len(fields)
        inputs = [fields[i] for i in self._numbers]
        strings = [fields[i] for i in self._text_fields]
        self._read = [(at, field.type) for at, field in enumerate(inputs) if not field.type.is_plain]
        kinds = dict.fromkeys(kind for _, kind in self._read)
        self._read_by_type: list[tuple[Callable[[Any], Array], list[int]]] = [
            (kind.numbers, [at for at, other in self._read if other == kind]) for kind in kinds
        ]
        self._plain = [at for at, field in enumerate(inputs) if field.type.is_plain]
        self._groups = [(numbers, self._plain)] * bool(self._plain) + self._read_by_type
        self.numeric = not self._text_fields and not self._read and not self._others
        low, high = zip(*map(limits_of, inputs), strict=True) if inputs else ((), ())
        self._low, self._high = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
        self._unlimited = bool((self._low == -LARGEST).all() and (self._high == LARGEST).all())
        self._required = np.array([field.missing != "allowed" for field in inputs], dtype=np.bool_)
        self._all_required, self._all_optional = bool(self._required.all()), not self._required.any()
        self._whole = _indices(field.type.is_whole for field in inputs)
        self._single = _indices(field.type.is_single for field in inputs)
        self._closed = closed_fields(inputs)
        self._text_optional = [field.missing == "allowed" for field in strings]
        self._closed_strings = closed_fields(strings)

    def getters(self, keys: Sequence[Any]) -> tuple[Getter, Getter]:
        """Functions that take the numbers and the strings out of a row; `keys` has one key for each input."""
        return getter([keys[i] for i in self._numbers]), getter([keys[i] for i in self._text_fields])

    def of_records(self, rows: Sequence[Any], getters: tuple[Getter, Getter]) -> Tensors | None:
        """The tensors of rows that are dicts or sequences of values; None where one may have a problem."""

        def block(some: slice) -> Tensors:
            part = rows[some]
            strings = list(chain.from_iterable(map(getters[1], part))) if self._text_fields else []
            return self._tensors(list(zip(*map(getters[0], part), strict=True)), strings, len(part))

        return self._in_blocks(len(rows), block)

    def _in_blocks(self, count: int, block: Callable[[slice], Tensors]) -> Tensors | None:
        """The tensors of all blocks of rows together; None where one may have a problem."""
        if self._others:
            return None
        try:
            parts = [block(slice(start, start + _BLOCK)) for start in range(0, count, _BLOCK)]
        except MemoryError:
            raise
        except Exception:  # the values may raise anything; `check.encode` decides
            return None
        return (
            parts[0] if len(parts) == 1 else {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        )

    def _tensors(self, columns: Sequence[Sequence[Any]], strings: Sequence[Any], count: int) -> Tensors:
        """The tensors of columns of numbers, and of strings row by row. Raises NotPlain and more."""
        tensors: Tensors = {}
        if self._numbers:
            by_column = np.empty((len(columns), count))
            groups = self._read_by_type
            if count < _TALL:
                groups = self._groups
            else:
                data, packed = by_column.data, f"{count}d"
                for at in self._plain:
                    struct.pack_into(packed, data, at * count * 8, *floats(columns[at]))
            for read, places in groups:
                # All columns of a type at once: with few rows, a call for each column would take longer.
                values = list(chain.from_iterable([columns[at] for at in places]))
                by_column[places] = read(values).reshape(len(places), count)
            matrix = by_column.T.copy()
            if not self._fits(matrix):
                raise NotPlain
            tensors["number"] = matrix
        if self._text_fields:
            tensors["text"], tensors["text_missing"] = self._string_tensors(strings, count)
        return tensors

    def of_matrix(self, matrix: Array) -> Tensors | None:
        """The tensors of a matrix of numbers (N, inputs) of any numeric dtype, where all inputs are numbers."""
        if not self.numeric or matrix.dtype.kind not in "fiub":
            return None
        usable = matrix.dtype == np.float64 and matrix.flags.c_contiguous and matrix.flags.aligned
        # Rounding to single precision must not change the caller's array.
        doubles = matrix if usable and self._single is None else np.array(matrix, dtype=np.float64, order="C")
        return {"number": doubles} if self._fits(doubles) else None

    def of_columns(self, columns: Mapping[str, Sequence[Any] | Array], rows: slice) -> Tensors | None:
        """The tensors of some rows of columns by name (`columns_of`); None where one may have a problem."""
        if self._others:
            return None
        inputs = self.contract.inputs
        tensors: Tensors = {}
        try:
            parts = [columns[field.name][rows] for field in inputs]
            count = len(parts[0])
            if self._numbers:
                read = dict(self._read)
                matrix = np.empty((count, len(self._numbers)))
                for at, position in enumerate(self._numbers):
                    part = parts[position]
                    matrix[:, at] = read[at].numbers(part) if at in read else numbers(part)
                if not self._fits(matrix):
                    return None
                tensors["number"] = matrix
            if self._text_fields:
                text: Array = np.empty((count, len(self._text_fields)), dtype=np.object_)
                missing = np.zeros((count, len(self._text_fields)), dtype=np.bool_)
                for at, position in enumerate(self._text_fields):
                    values, gaps = plain_strings(listed(parts[position]))
                    self._check_strings(at, values, gaps)
                    text[:, at] = values
                    missing[gaps, at] = True
                tensors["text"], tensors["text_missing"] = text, missing
        except MemoryError:
            raise
        except Exception:  # the values may raise anything; `check.encode` decides
            return None
        return tensors

    def _fits(self, matrix: npt.NDArray[np.float64]) -> bool:
        """Whether every number is permitted; numbers of single precision are rounded to it in place."""
        if self._single is not None:
            with np.errstate(over="ignore"):
                matrix[:, self._single] = matrix[:, self._single].astype(np.float32)
        if np.count_nonzero(self._outside(matrix)):  # a single call of C; `any` takes a fifth of the time of a row
            return False
        if self._whole is not None:
            values = matrix[:, self._whole]
            if not ((np.floor(values) == values) | np.isnan(values)).all():
                return False
        return all(_all_known(matrix[:, at], known) for at, known in self._closed)

    def _outside(self, matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Where a number is outside its limits, or missing although it is required."""
        if self._unlimited:
            if self._all_required:
                return ~np.isfinite(matrix)
            outside = np.isinf(matrix)
        else:
            outside = matrix < self._low
            outside |= matrix > self._high
        if not self._all_optional:
            outside |= np.isnan(matrix) & self._required
        return outside

    def _string_tensors(self, values: Sequence[Any], count: int) -> tuple[Array, Array]:
        """The tensors `text` and `text_missing` from the values of all rows, row by row."""
        width = len(self._text_fields)
        plain, gaps = plain_strings(values)
        missing = np.zeros(len(plain), dtype=np.bool_)
        if gaps:
            missing[gaps] = True
        if gaps and not all(self._text_optional[gap % width] for gap in gaps):
            raise NotPlain
        for at, known in self._closed_strings:
            column = plain[at::width]
            if not known.issuperset(column):
                present = [value for value, gap in zip(column, missing[at::width].tolist(), strict=True) if not gap]
                if not known.issuperset(present):
                    raise NotPlain
        strings = np.fromiter(plain, dtype=np.object_, count=len(plain))
        return strings.reshape(count, width), missing.reshape(count, width)

    def _check_strings(self, at: int, values: Sequence[str], gaps: Sequence[int]) -> None:
        if gaps and not self._text_optional[at]:
            raise NotPlain
        known = next((known for place, known in self._closed_strings if place == at), None)
        if known is not None and not known.issuperset(values):
            absent = set(gaps)
            if not known.issuperset(value for row, value in enumerate(values) if row not in absent):
                raise NotPlain


def limits_of(field: Field) -> tuple[float, float]:
    """The smallest and the largest number of a field, by its dtype and its range."""
    low, high = (max(min(end, LARGEST), -LARGEST) for end in field.type.extent)
    least, most = field.limits("range") or (None, None)
    return low if least is None else max(low, least), high if most is None else min(high, most)


def _indices(flags: Iterable[bool]) -> npt.NDArray[np.intp] | None:
    places = [at for at, flag in enumerate(flags) if flag]
    return np.array(places, dtype=np.intp) if places else None


def closed_fields(fields: Sequence[Field]) -> list[tuple[int, frozenset[Any]]]:
    """Index and known values of the fields that refuse other values."""
    return [
        (at, field.type.known(field.categories))
        for at, field in enumerate(fields)
        if field.categories is not None and field.unknown == "refused"
    ]


def _all_known(column: npt.NDArray[np.float64], known: frozenset[float]) -> bool:
    if len(column) <= _FEW:
        return all(value in known or math.isnan(value) for value in column.tolist())
    return bool((np.isin(column, list(known)) | np.isnan(column)).all())


def getter(keys: Sequence[Any]) -> Getter:
    """A function that gives the values at `keys` as a tuple, also for one key or none."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda row: tuple([row[key] for key in keys])
