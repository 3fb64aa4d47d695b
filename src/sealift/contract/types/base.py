"""The base class of types of values: what a field of the type may hold, and how it is encoded for the graph.

To add a type, write a subclass of `ValueType` and declare an instance as an entry point of the group
`sealift.value_types` (docs/how-to/add-a-value-type.md). The types of Sealift itself are declared in the same way. The
part that only `pack` needs is in `sealift.packing.types`.
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

    from sealift.contract.tensor_spec import TensorSpec


class CellRules(Protocol):
    """How the cells of one column are written; `CellReader` has these attributes.

    Attributes:
        missing: the cells that mean a missing value; without white space around them where the type removes it.
        words: words for booleans, in addition to `true` and `false`.
        dates: a format of dates in addition to ISO 8601, or None.
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
        capability: the capability that a reader of such a contract must have, such as `type:tensor/1`; empty for the
            types that every reader of format 1 has.
        has_parameters: whether a dtype is written with parameters, `name[parameters]`, which `of` reads.
        feeds: the tensor in which the field is a column: `number`, float64, with NaN for missing values, or `text`,
            strings, with missing values marked in `text_missing`. `stage` for a type whose values only a stage reads,
            from the array of objects `field<f>`. Empty for a type with a tensor of its own.
        axes: how many axes a value has: 0 for scalars. An array of values has one more.
        needed: what a value must be, for messages.
        missing_words: cells of text files that mean a missing value by default.
        stands_for: for types in the tensor `number`, the NumPy dtype that the numbers represent, such as
            `datetime64[us]`; empty for numbers.
        is_plain: for types in the tensor `number`, whether the values are the numbers themselves.
        is_whole: for such types, whether values must be whole numbers.
        is_single: for such types, whether numbers are rounded to float32.
        extent: for such types, the smallest and the largest number.
        has_categories: whether a field may list its values.
        has_range: whether values can be compared with bounds.
        has_words: whether a field may have `true_as` and `false_as`.
        has_date_format: whether a field may have `date_format`.
        has_days: for such types, whether dates have no time of day.
        bounds: what the bounds of a range are, for messages.
    """

    name: str
    capability: str = ""
    has_parameters: bool = False
    feeds: Literal["number", "text", "stage", ""] = ""
    axes: int = 0
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
        """The type of a dtype `name[parameters]`; None where the parameters are not valid."""
        del parameters
        return None

    @abstractmethod
    def fits(self, value: object) -> bool:
        """Whether a category or a typical value, as in JSON, is of this type."""

    @abstractmethod
    def cell(self, cell: str, rules: CellRules) -> Value | Unreadable | Any:
        """A cell of text: its value, None when it is missing, or `Unreadable`."""

    def cells(self, cells: Sequence[str], rules: CellRules) -> list[Any] | npt.NDArray[Any]:
        """A whole column, each cell as `cell` reads it; an array where that is faster."""
        return [self.cell(cell, rules) for cell in cells]

    @abstractmethod
    def encode(self, column: Sequence[Any] | npt.NDArray[Any]) -> Encoded:
        """Encode a column (N,) of values for the graph, with a code for each value."""

    def number(self, value: Any) -> float:
        """A value as a number of the tensor `number`, NaN where it is missing; for types that are not plain.

        Raises:
            ValueError: for unusual values, which are left to `encode`.
        """
        raise ValueError(f"{type(value).__name__} is not a {self.name}")

    def numbers(self, column: Any) -> Any:
        """The same for a column (N,)."""
        raise ValueError(f"{type(column).__name__} is not a column of {self.name}")

    def value_of(self, number: float) -> Scalar:
        """The value, as in JSON, that a number of the tensor `number` stands for; it is not NaN."""
        return int(number) if self.is_whole else number

    def bound(self, raw: Any) -> float | str | None:
        """A bound of a range in its canonical form. Raises ValueError for an invalid one."""
        return canonical.number(raw)

    def limit(self, bound: Any) -> float | None:
        """A bound as a number that is comparable with those of the tensor."""
        return None if bound is None or isinstance(bound, bool | str) else float(bound)

    def known(self, categories: Iterable[Scalar]) -> frozenset[Any]:
        """The values in the tensor that represent these categories."""
        return frozenset(float(value) for value in categories)

    def json_schema(self, low: float, high: float, categories: Sequence[Scalar] | None) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of a value that is not missing; by default it accepts any value.

        Args:
            low, high: the range of the field as given by `limit`; infinite where there is none.
            categories: the permitted values, or None.
        """
        del low, high
        return {} if categories is None else {"enum": list(categories)}

    def needs(self, date_format: str) -> str:
        """What a value must be, for messages about a field with this `date_format`."""
        del date_format
        return self.needed

    def hint(self, value: object) -> str:
        """Advice about a refused value for the end of its message, with a leading space; may be empty."""
        decimal_comma = isinstance(value, Unreadable) and "," in value.text
        return " Decimals are written with a point." * decimal_comma

    def tensors(self, field: int) -> tuple[TensorSpec, ...]:
        """The tensor of a field that has its own: a tuple of one, whose array is `Encoded.array`.

        Args:
            field: the field's index, for a unique name.
        """
        del field
        return ()

    def column(self, rows: Any) -> Sequence[Any] | None:
        """The values of this type, where `rows` is one of them or holds only them; None for tables."""
        del rows
        return None

    def local(self, column: Sequence[Any] | npt.NDArray[Any]) -> Sequence[Any] | npt.NDArray[Any]:
        """A column of values where the program that gives them may read files of this computer."""
        return column


_types: Plugins[ValueType] = Plugins("sealift.value_types", "type of values")


def value_types() -> Mapping[str, ValueType]:
    """The installed types by name."""
    return _types.all()


def value_type(dtype: str) -> ValueType | None:
    """The type of a dtype, such as `float64`, or `tensor[2,3]` with parameters; None where it is not known."""
    known = value_types().get(dtype)
    if known is not None or not dtype.endswith("]"):
        return None if known is None or known.has_parameters else known
    name, _, parameters = dtype[:-1].partition("[")
    known = value_types().get(name)
    return None if known is None else known.of(parameters)
