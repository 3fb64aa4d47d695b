"""The protocol of a type of values: what a field of this type may hold, and how the graph is fed with it.

To add a type, write one subclass of `ValueType` and declare the instance as an entry point of the group
`sealift.value_types` (docs/how-to/add-a-value-type.md). The types of Sealift itself are declared in the same way. What
only `pack` asks of a type is in `sealift.packing.types`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sealift import canonical
from sealift.contract.scalars import Scalar
from sealift.contract.values import MISSING_WORDS, Encoded, Unreadable, Value
from sealift.plugins import Plugins

if TYPE_CHECKING:  # a contract is read without NumPy
    import re

    import numpy.typing as npt

    from sealift.contract.tensor import Tensor


class CellRules(Protocol):
    """How the cells of one column are written; `CellReader` has these attributes.

    Attributes:
        missing: the cells that are missing, without white space around them where the type drops it.
        words: the words that stand for booleans, beside `true` and `false`.
        dates: the form of dates beside ISO 8601, or None.
        numeric_words: whether a word of `missing` is a number, such as -999.
    """

    missing: frozenset[str]
    words: dict[str, bool]
    dates: re.Pattern[str] | None
    numeric_words: bool


class ValueType(ABC):
    """A type of values.

    Attributes:
        name: the entry point's name, and the `dtype` in contract.json.
        capability: what a contract with such a field requires of its reader, such as `type:tensor/1`; empty for the
            types that every reader of format 1 has.
        has_parameters: whether a dtype is written with parameters, `name[parameters]`, which `of` reads.
        feeds: the tensor that the field is a column of: `number`, float64, where a missing value is NaN, or `text`,
            strings, where a missing value is marked in `text_missing`. Empty for a type with a tensor of its own.
        needed: what a value must be, for messages.
        missing_words: the cells of text files that are missing unless a field says otherwise.
        stands_for: of a type that feeds `number`, what the numbers stand for as NumPy calls it, such as
            `datetime64[us]`; empty for numbers.
        is_plain: of a type that feeds `number`, whether the values are the numbers themselves.
        is_whole: of such a type, whether only whole numbers are values.
        is_single: of such a type, whether numbers are rounded to float32.
        extent: of such a type, the least and the largest number.
        has_categories: whether a field may list its values.
        has_range: whether values can be compared with bounds.
        has_words: whether a field may have `true_as` and `false_as`.
        has_date_format: whether a field may have `date_format`.
        has_days: of such a type, whether its dates have no time of day.
        bounds: what the bounds of a range are, for messages.
    """

    name: str
    capability: str = ""
    has_parameters: bool = False
    feeds: Literal["number", "text", ""] = ""
    needed: str
    missing_words: tuple[str, ...] = MISSING_WORDS
    stands_for: str = ""
    is_plain: bool = False
    is_whole: bool = False
    is_single: bool = False
    extent: tuple[float, float] = (-math.inf, math.inf)
    has_categories: bool = True
    has_range: bool = True
    has_words: bool = False
    has_date_format: bool = False
    has_days: bool = False
    bounds: str = "finite numbers"

    def of(self, parameters: str) -> ValueType | None:
        """The type that a dtype `name[parameters]` means; None where the type takes no such parameters."""
        del parameters
        return None

    @abstractmethod
    def fits(self, value: object) -> bool:
        """Whether a category or a typical value is of this type, as JSON holds it."""

    @abstractmethod
    def cell(self, cell: str, rules: CellRules) -> Value | Unreadable | Any:
        """A cell of text: its value, None when it is missing, or `Unreadable`."""

    def cells(self, cells: Sequence[str], rules: CellRules) -> list[Any] | npt.NDArray[Any]:
        """A whole column, each cell as `cell` reads it; an array where that is faster."""
        return [self.cell(cell, rules) for cell in cells]

    @abstractmethod
    def encode(self, column: Sequence[Any] | npt.NDArray[Any]) -> Encoded:
        """A column (N,) of values as the graph is fed with it, with a code for each that is no value of this type."""

    def number(self, value: Any) -> float:
        """One usual value as its number in `number`, NaN where it is missing; for types that are not plain.

        Raises:
            ValueError: for any other value, which `encode` then judges.
        """
        raise ValueError(f"{type(value).__name__} is no {self.name}")

    def numbers(self, column: Any) -> Any:
        """A column of usual values (N,), likewise."""
        raise ValueError(f"{type(column).__name__} is no column of {self.name}")

    def bound(self, raw: Any) -> float | str | None:
        """A bound of a range in the one spelling that is written. Raises ValueError for what is none."""
        return canonical.number(raw)

    def limit(self, bound: Any) -> float | None:
        """A bound as a number that is compared with the tensor's."""
        return None if bound is None or isinstance(bound, bool | str) else float(bound)

    def known(self, categories: Iterable[Scalar]) -> frozenset[Any]:
        """What the tensor may hold where the value is one of the categories."""
        return frozenset(float(value) for value in categories)

    def json_schema(self, low: float, high: float, categories: Sequence[Scalar] | None) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of a value that is not missing; by default of any value.

        Args:
            low, high: the range of the field, as `limit` gives it; infinite where there is none.
            categories: the only values that may stand, or None.
        """
        del low, high
        return {} if categories is None else {"enum": list(categories)}

    def needs(self, date_format: str) -> str:
        """What a value must be, for messages about a field with this `date_format`."""
        del date_format
        return self.needed

    def hint(self, value: object) -> str:
        """What more to say of a value that was refused, with a space before it; may be empty."""
        decimal_comma = isinstance(value, Unreadable) and "," in value.text
        return " Decimals are written with a point." * decimal_comma

    def tensors(self, field: int) -> tuple[Tensor, ...]:
        """The tensors of a field that feeds no shared one: exactly one, whose array is `Encoded.array`.

        Args:
            field: the field's index, for a name that no other tensor has.
        """
        del field
        return ()


_types: Plugins[ValueType] = Plugins("sealift.value_types", "type of values")


def value_types() -> Mapping[str, ValueType]:
    """The installed types by name."""
    return _types.all()


def value_type(dtype: str) -> ValueType | None:
    """The type that a `dtype` names, such as `float64`, or `tensor[2,3]` with parameters; None where there is none."""
    known = value_types().get(dtype)
    if known is not None or not dtype.endswith("]"):
        return None if known is None or known.has_parameters else known
    name, _, parameters = dtype[:-1].partition("[")
    known = value_types().get(name)
    return None if known is None else known.of(parameters)
