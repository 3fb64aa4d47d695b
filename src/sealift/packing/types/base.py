"""The second protocol of a type of values: what only `pack` needs.

An implementation is declared as an entry point of the group `sealift.type_packing` under the name of its type. Models
with fields of a type that has none cannot be packed by `pack`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sealift.contract import Field
from sealift.errors import PackError
from sealift.plugins import Plugins
from sealift.stats import Sketch


class Ordering(NamedTuple):
    """The values between which a threshold is searched for.

    Attributes:
        step: the distance between adjacent values, if `whole`.
        whole: whether values are whole multiples of `step`.
        single: whether values are float32.
    """

    step: float = 1.0
    whole: bool = False
    single: bool = False


class TypePacking(ABC):
    """What packing needs of a type of values.

    Plain values are the values of a column during packing: numbers, strings, booleans, and microseconds for dates.

    Attributes:
        ordering: the order of values; None where no threshold is searched for.
        is_discrete: whether a column may hold categories of which the model keeps only hashes.
        may_have_choices: whether a column of few distinct whole numbers becomes a list of choices.
        every_value: all possible values; empty if they are not a short list.
    """

    ordering: Ordering | None = None
    is_discrete: bool = False
    may_have_choices: bool = False
    every_value: tuple[Any, ...] = ()

    @abstractmethod
    def unseen(self, field: Field) -> Any:
        """A plain value that is not among the field's categories."""

    @abstractmethod
    def sketch(self, values: Sequence[Any]) -> Sketch:
        """A summary of plain values (N,) that reveals no single record."""

    @abstractmethod
    def described(self, field: Field, sketch: Sketch, known: Sequence[Any] | None) -> Field:
        """The field with what its summary shows: observed bounds, a typical value, categories.

        Args:
            field: a field of this type that has only a name.
            sketch: the result of `sketch`.
            known: the values that a categorical type declares; None for other columns.
        """

    @abstractmethod
    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """The categories of an encoder that are values of this type; empty if they are all possible values."""

    @abstractmethod
    def edges(self, field: Field, sketch: Sketch, few: int) -> Mapping[str, Sequence[Any]]:
        """Plain values at which conversions often differ, by the kind of the rows generated from them.

        Args:
            field: the field.
            sketch: its summary.
            few: a factor for the numbers of values.
        """

    @abstractmethod
    def fitted(self, field: Field, drawn: Sequence[Any]) -> list[Any]:
        """Values as drawn from a summary (None where missing), as plain values that the field accepts."""

    def column(self, values: Sequence[Any]) -> Any:
        """Plain values as `ValueType.encode` reads them."""
        return values

    def around_threshold(self, pair: Sequence[float]) -> list[Any]:
        """Two adjacent numbers around a threshold as plain values; further numbers near them may follow."""
        return list(pair)

    def category(self, key: Any) -> Any:
        """A key of `category_names` as a category. Raises KeyError or ValueError for a string that is not one."""
        return key

    def as_json(self, value: Any) -> Any:
        """A plain value as JSON holds it."""
        return value


_packings: Plugins[TypePacking] = Plugins("sealift.type_packing", "packing of a type of values")


def type_packing(dtype: str) -> TypePacking:
    """The packing of a type, by the dtype of a field. Raises PackError E304 for a type that `pack` does not support."""
    known = _packings.all().get(dtype.partition("[")[0])
    if known is None:
        raise PackError(
            "E304",
            f"Fields of the dtype {dtype!r:.80} cannot be packed.",
            fix="Declare an entry point of the group sealift.type_packing for it, or leave the column out.",
        )
    return known
