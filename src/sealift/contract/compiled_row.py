"""A contract compiled into checks of a single row, by operations of Python.

A call of NumPy takes longer than Python takes to check a few values. As in `compiled`, the result is None where a value
may have a problem.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.contract.check import is_valid_string
from sealift.contract.compiled import LARGEST, Getter, Tensors, closed_fields, getter, limits_of
from sealift.contract.contract import Contract
from sealift.contract.plain_values import NUMBERS, gap, plain_strings
from sealift.contract.types.single_precision import single

# Python compares and adds these as the doubles that they stand for; it would compare NumPy's float32 in float32.
_PYTHONS = frozenset({float, int, bool})
_STRING = frozenset({str})


class CompiledRow:
    """The checks of a contract for single rows. Calls do not change its state, so threads may share it.

    Attributes:
        any_numbers: whether every row of finite doubles is permitted, with None where a value may be missing.
    """

    def __init__(self, contract: Contract) -> None:
        numbers = [field for field in contract.inputs if field.type.feeds == "number"]
        strings = [field for field in contract.inputs if field.type.feeds == "text"]
        self._others = len(numbers) + len(strings) < len(contract.inputs)
        self._width, self._text_width = len(numbers), len(strings)
        self._read = [(at, field.type.number) for at, field in enumerate(numbers) if not field.type.is_plain]
        self._single = [at for at, field in enumerate(numbers) if field.type.is_single]
        limits = [(at, *limits_of(field), field.type.is_whole) for at, field in enumerate(numbers)]
        self._limited = [limit for limit in limits if limit[1:] != (-LARGEST, LARGEST, False)]
        self._required = getter([at for at, field in enumerate(numbers) if field.missing != "allowed"])
        self._closed = closed_fields(numbers)
        self._closed_strings = closed_fields(strings)
        self.any_numbers = not (
            self._others or self._text_width or self._read or self._single or self._limited or self._closed
        )
        self._optional_strings = frozenset(at for at, field in enumerate(strings) if field.missing == "allowed")

    def tensors(self, row: Any, getters: tuple[Getter, Getter]) -> Tensors | None:
        """The tensors of a dict or a sequence of values, which `getters` read (`CompiledContract.getters`)."""
        if self._others:
            return None
        tensors: Tensors = {}
        try:
            if self._width:
                values = self._numbers(getters[0](row))
                if not self._permits(values):
                    return None
                tensors["number"] = np.array([values], dtype=np.float64)
            if self._text_width:
                strings = getters[1](row)
                gaps: list[int] = []
                if not _STRING.issuperset(map(type, strings)):
                    strings, gaps = plain_strings(strings)
                elif not is_valid_string("".join(strings)):
                    return None
                if (gaps or self._closed_strings) and not self._permits_strings(strings, gaps):
                    return None
                tensors["text"] = np.array([strings], dtype=np.object_)
                tensors["text_missing"] = np.zeros((1, self._text_width), dtype=np.bool_)
                if gaps:
                    tensors["text_missing"][0, gaps] = True
        except MemoryError:
            raise
        except Exception:  # the values may raise anything; `check.encode` decides
            return None
        return tensors

    def _numbers(self, row: Sequence[Any]) -> list[Any]:
        """The numbers of a row as Python's, NaN where one is missing. Raises NotPlain."""
        values = list(row)
        for at, number in self._read:
            values[at] = number(values[at])
        if not _PYTHONS.issuperset(map(type, values)):
            values = [value if type(value) is float else _python(value) for value in values]
        for at in self._single:
            values[at] = single(values[at])
        return values

    def _permits(self, values: Sequence[Any]) -> bool:
        """Whether every number is permitted."""
        for at, low, high, is_whole in self._limited:
            value = values[at]
            if not (low <= value <= high and (not is_whole or value % 1 == 0)) and not math.isnan(value):
                return False
        for at, known in self._closed:
            if values[at] not in known and not math.isnan(values[at]):
                return False
        # The sum is finite unless a value is missing or infinite, or the sum overflows.
        if math.isfinite(sum(values)):
            return True
        return not any(map(math.isinf, values)) and not any(map(math.isnan, self._required(values)))

    def _permits_strings(self, strings: Sequence[str], gaps: Sequence[int]) -> bool:
        """Whether every string is permitted, and those at `gaps` may be missing."""
        if gaps and not self._optional_strings.issuperset(gaps):
            return False
        return all(strings[at] in known or at in gaps for at, known in self._closed_strings)


def _python(value: Any) -> Any:
    """A number as a number of Python, NaN where it is missing. Raises NotPlain."""
    if value is None:
        return math.nan
    kind = type(value)
    return value if kind in _PYTHONS else float(value) if kind in NUMBERS else gap(value)
