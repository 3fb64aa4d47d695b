"""The caller's X: its columns as plain values, and a function that builds other rows in the same format."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from sealift.contract.types import value_type, value_types
from sealift.contract.values import DEFAULT_STRING_MISSING
from sealift.errors import PackError
from sealift.packing.inputs.columns import Column, Values
from sealift.packing.inputs.number_values import distinct
from sealift.packing.types.base import type_packing


@dataclass(frozen=True)
class InputRows:
    """The caller's rows and their format.

    Attributes:
        columns: the columns of X that the model uses.
        rows: X itself, in the format that the original takes.
        build: makes rows in the same format from the values of all columns, including the dropped ones.
        notes: notes for the packer on how X was read.
        missing_as: the cells of a text file that the library of X reads as missing strings.
        dropped: the columns that the model drops, each with its place among all columns of X.
        sparse: whether X is a sparse matrix, in which a 0 is an absent cell.
    """

    columns: tuple[Column, ...]
    rows: Any
    build: Callable[[Mapping[str, Values]], Any] = field(repr=False)
    notes: tuple[str, ...] = ()
    missing_as: tuple[str, ...] = DEFAULT_STRING_MISSING
    dropped: tuple[tuple[int, Column], ...] = ()
    sparse: bool = False

    def without(self, names: Collection[str]) -> InputRows:
        """The same rows, where the model drops the columns called `names`."""
        known = dict(self.dropped)
        places = [i for i in range(len(self.columns) + len(known)) if i not in known]
        known |= {i: c for i, c in zip(places, self.columns, strict=True) if c.name in names}
        kept = tuple(column for column in self.columns if column.name not in names)
        return replace(self, columns=kept, dropped=tuple(sorted(known.items(), key=lambda pair: pair[0])))

    def with_dtypes(self, dtypes: Mapping[str, str]) -> InputRows:
        """The same rows, with fields of other dtypes for the columns in `dtypes`; unknown names are ignored.

        Rows are built as before: the model gets the values as the caller holds them.

        Raises:
            PackError: E304 for a dtype that is not installed, that `pack` makes no fields of, or whose values are
                fed otherwise than those of the column.
        """
        columns = tuple(
            _with_dtype(column, dtypes[column.name]) if column.name in dtypes else column for column in self.columns
        )
        return replace(self, columns=columns)

    def built(self, columns: Mapping[str, Values]) -> Any:
        """Rows in the same format from the columns that the model uses; the dropped columns have values of X.

        Some models refuse other values in dropped columns, or rows without these columns.

        Raises:
            PackError: E304 when the library of X cannot make such rows.
        """
        count = len(next(iter(columns.values())))
        others = {c.name: [c.values[i % len(c.values)] for i in range(count)] for _, c in self.dropped}
        try:
            return self.build({**columns, **others})
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise PackError(
                "E304",
                f"Rows like those of X cannot be generated: {type(error).__name__}: {reason}",
                fix="Give X with plain column types: float64, int64, bool, object or category.",
            ) from error

    def first(self, count: int) -> InputRows:
        """The first `count` rows, in the same format. Raises PackError E304 as `built`."""
        if len(self) <= count:
            return self
        columns = tuple(replace(column, values=column.values[:count]) for column in self.columns)
        return replace(self, columns=columns, rows=self.built({c.name: c.values for c in columns}))

    @property
    def nulls(self) -> dict[str, float | None]:
        """The representation of a missing string, None or NaN, by column name."""
        return {column.name: column.null for column in self.columns}

    @property
    def dtypes(self) -> dict[str, str]:
        """The dtype that the model gets, for columns of dates, integers, booleans and strings, by name."""
        known = {
            column.name: column.native_strings
            or (column.native_time if column.type.stands_for else column.native_whole)
            for column in self.columns
        }
        return {name: dtype for name, dtype in known.items() if dtype}

    def values(self) -> dict[str, Values]:
        """Column name → plain values."""
        return {column.name: column.values for column in self.columns}

    @property
    def seen(self) -> Mapping[str, Set[Any]]:
        """The distinct values of columns that may hold categories, declared ones included, by column name."""
        kept = (column for column in self.columns if type_packing(column.dtype).is_discrete)
        return _Seen({column.name: column for column in kept})

    def __len__(self) -> int:
        return len(self.columns[0].values)


def _with_dtype(column: Column, dtype: Any) -> Column:
    kind = value_type(dtype) if isinstance(dtype, str) else None
    if kind is None:
        raise PackError(
            "E304",
            f"The dtype {dtype!r:.80} is not installed.",
            where=f"input {column.name!r:.80}",
            fix=f"Install the package that adds it, or use one of {', '.join(value_types())}.",
        )
    type_packing(dtype)
    own = column.type
    # Fields of float32 are proved with the tolerance of float32, so that only the original's rows decide on it.
    if column.unfit is not None or (kind.feeds, kind.axes, kind.is_single) != (own.feeds, own.axes, own.is_single):
        raise PackError(
            "E304",
            f"A column of the dtype {column.dtype} cannot be a field of the dtype {dtype!r:.80}.",
            where=f"input {column.name!r:.80}",
            fix="Choose a dtype whose values are fed in the same tensor and precision, or leave it out.",
        )
    return replace(column, dtype=dtype)


class _Seen(Mapping[str, "Set[Any]"]):
    """The distinct values of columns by name; computed when needed, which few models require."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> Set[Any]:
        column = self._columns[name]
        return distinct(column.values) | {*(column.known or ())} - {None}

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)
