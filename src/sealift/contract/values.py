"""Shared by all types of values: missing values, valid strings, cells that cannot be read."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

Value: TypeAlias = "str | float | bool | None"
OK, MISSING, WRONG_TYPE, OUT_OF_RANGE, UNKNOWN_CATEGORY = range(5)
"""Codes in `Encoded.codes`: valid, or what is wrong with the value."""

SPACE = " \t\r\n\u00a0"
"""White space that is removed around cells of numbers, booleans and dates."""
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

# The defaults of pandas.read_csv (pandas, "IO tools", na_values).
MISSING_WORDS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"),
    *("NULL", "NaN", "None", "n/a", "nan", "null"),
)
"""Cells of numbers, booleans and dates that mean a missing value by default."""
DEFAULT_STRING_MISSING = ("",)
"""The same for strings, where NA and None can be categories."""

_NULLS = frozenset({"NAType", "NaTType"})  # pandas' own; named, because pandas is never imported here


class Unreadable:
    """A cell that is not of its field's dtype, with its text for the message."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Encoded(NamedTuple):
    """A column as input of the graph.

    Attributes:
        array: (N,), or (N, …) for a type with a tensor of its own; rows with a code other than `OK` hold placeholders.
        missing: bool (N,), the rows without a value.
        codes: uint8 (N,), `OK` or `WRONG_TYPE`.
    """

    array: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_]
    codes: npt.NDArray[np.uint8]


def is_missing(value: object) -> bool:
    """Whether a value of a table or of JSON is missing: None, NaN, pandas.NA, NaT."""
    if value is None or type(value).__name__ in _NULLS:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    if type(value).__module__ != "numpy":
        return False
    import numpy as np

    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return isinstance(value, np.floating) and math.isnan(value)


def is_valid_string(value: str) -> bool:
    """Whether a string is free of NUL, which ends strings in C, and unpaired surrogates, which UTF-8 cannot encode."""
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
