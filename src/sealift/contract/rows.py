"""Rows as people have them (data frames, arrays, lists of dicts) to columns by input name."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import chain
from typing import Any

import numpy as np

from sealift.contract.check import Array
from sealift.contract.contract import Contract
from sealift.errors import ContractError

_COMPARED = 5000  # names that may be the one meant: each comparison takes microseconds


_FORMS = "Give a data frame, a 2-d array, a list of dicts or a dict of columns; one row is [[…]]."


def columns_of(contract: Contract, rows: Any, *, extra: bool = False) -> dict[str, Sequence[Any] | Array]:
    """The contract's inputs out of `rows`, each as a sequence of N values.

    Args:
        contract: names the inputs.
        rows: a pandas, polars or pyarrow table, a 2-d NumPy array or list of lists (columns in the contract's
            order), a list of dicts, a dict of columns, one dict of values, or texts for a single input of texts.
            A key that is absent from dicts of values is a missing value, where the contract allows one.
        extra: whether columns that are no inputs are passed over instead of refused; those that the model drops
            (`Contract.ignored`) always are.

    Raises:
        ContractError: E101 to E105.
    """
    try:
        return _columns(contract, rows, extra=extra)
    except ContractError:
        raise
    except Exception as error:  # whatever the methods of a foreign object raise
        reason = " ".join(str(error).split())[:200]
        raise ContractError(
            "E104",
            f"Rows of the type {type(rows).__name__} cannot be read: {type(error).__name__}: {reason}",
            fix=_FORMS,
        ) from error


def _columns(contract: Contract, rows: Any, *, extra: bool) -> dict[str, Sequence[Any] | Array]:
    alone = len(contract.inputs) == 1 and contract.inputs[0].type.feeds == "text"
    if alone and _is_column(rows):
        # A series is indexed by its labels, not by places.
        table: Any = {contract.inputs[0].name: rows if isinstance(rows, np.ndarray) else list(rows)}
    else:
        table = as_table(rows)
    if isinstance(table, Mapping):
        whole = _with_absent(contract, rows, table)
        match_columns(contract, list(whole), extra=extra)
        found = {field.name: whole[field.name] for field in contract.inputs}
    else:
        places = _places(contract, table.shape[1])
        found = {field.name: table[:, i] for field, i in zip(contract.inputs, places, strict=True)}
    wide = next((name for name, column in found.items() if getattr(column, "ndim", 1) != 1), None)
    if wide is not None:
        raise ContractError("E104", f"The column {wide!r:.80} holds a list in each row.", fix="Give one value a row.")
    lengths = {len(column) for column in found.values()}
    if len(lengths) > 1:
        raise ContractError("E104", "The columns differ in length.", fix="Give each column as many values as rows.")
    if lengths == {0}:
        raise ContractError("E105", "There are no rows to predict.", fix="Give at least one row.")
    return found


def as_table(rows: Any) -> dict[str, Sequence[Any] | Array] | Array:
    """Columns by name where the rows have names, else a 2-d array. Raises ContractError E103, E104."""
    if hasattr(rows, "column_names") and hasattr(rows, "column"):  # pyarrow
        names = [str(name) for name in rows.column_names]
        return _unique(names, [_arrow(rows.column(i)) for i in range(len(names))])
    if hasattr(rows, "columns") and hasattr(rows, "iloc"):  # pandas; by position, since names may repeat
        return _unique([str(name) for name in rows.columns], [_pandas(column) for _, column in rows.items()])
    if hasattr(rows, "columns") and hasattr(rows, "get_columns"):  # polars
        return _unique(list(rows.columns), [_polars(column) for column in rows.get_columns()])
    if isinstance(rows, Mapping) and not hasattr(rows, "toarray"):  # a sparse matrix by keys
        if is_one(rows):
            return {name: [value] for name, value in _by_name(rows).items()}
        by_name = _by_name(rows)
        single = next((name for name, value in by_name.items() if is_single(value)), None)
        if single is not None:
            raise ContractError(
                "E104",
                f"The rows are a dict of columns, but {single!r:.80} holds a single value.",
                fix="Give each column a list of one length, {'a': […], 'b': […]}, or for one row a single value each.",
            )
        return {name: _listed(name, value) for name, value in by_name.items()}
    if isinstance(rows, list | tuple) and rows and all(isinstance(row, Mapping) for row in rows):
        named = [_by_name(row) for row in rows]
        names = list(dict.fromkeys(name for row in named for name in row))
        return {name: [row.get(name) for row in named] for name in names}
    if isinstance(rows, np.ndarray) and rows.ndim == 1 and rows.dtype.names is not None:
        columns: dict[str, Any] = {name: np.asarray(rows[name]) for name in rows.dtype.names}
        if all(column.ndim == 1 for column in columns.values()):
            return columns
    return _matrix(rows)


def match_columns(contract: Contract, names: Iterable[str], *, extra: bool = False) -> list[str]:
    """Compare a table's column names with the inputs; with `extra`, the names that are no inputs.

    Raises:
        ContractError: E103 for a name that stands twice, E101 for inputs that are lacking (naming the column that
            looks like one), E102 for columns that are neither inputs nor ignored by the model, unless `extra`.
    """
    present = list(names)
    twice = [name for name, times in Counter(present).items() if times > 1]
    if twice:
        raise ContractError(
            "E103", f"The column {twice[0]!r:.80} stands more than once.", fix="Rename or drop the second one."
        )
    listed_names = set(present)
    lacking = [field.name for field in contract.inputs if field.name not in listed_names]
    others = _others(contract, present)
    if lacking:
        close = _closest(lacking[0], others[:_COMPARED])
        hint = f'Rename the column "{close}" to "{lacking[0]}".' if close else "Add the columns, named exactly so."
        raise ContractError("E101", f"The rows lack {_quoted(lacking)}.", fix=hint)
    if others and not extra:
        raise ContractError(
            "E102",
            f"The rows have columns that are no inputs of the model: {_quoted(others)}.",
            fix="Remove them, or pass over them with extra=True.",
        )
    return [name for name in present if name not in contract.index] if extra else []


def _others(contract: Contract, names: Iterable[str]) -> list[str]:
    """The names that are neither inputs nor columns that the model drops."""
    return [name for name in names if name not in contract.index and name not in contract.ignored_names]


def _quoted(names: Sequence[str]) -> str:
    """The first five names, and how many more there are."""
    return ", ".join(f'"{name}"' for name in names[:5]) + (f" and {len(names) - 5} more" * (len(names) > 5))


def _places(contract: Contract, width: int) -> Sequence[int]:
    """Where the inputs stand in rows without names, with or without the columns that the model drops."""
    every = len(contract.inputs) + len(contract.ignored)
    if width == len(contract.inputs):
        return range(width)
    if width == every:
        dropped = {column.position for column in contract.ignored}
        return [place for place in range(every) if place not in dropped]
    more = f" and {len(contract.ignored)} columns that it ignores" if contract.ignored else ""
    raise ContractError(
        "E104",
        f"The rows have {width} columns without names, but the model has {len(contract.inputs)} inputs{more}.",
        fix="Give as many columns as the contract has inputs, in its order, or give them by name.",
    )


def _is_column(rows: Any) -> bool:
    """Whether `rows` is a list, array or series of texts."""
    if isinstance(rows, list | tuple):
        return bool(rows) and all(isinstance(value, str) for value in rows)
    return getattr(rows, "ndim", 0) == 1 or (hasattr(rows, "to_list") and not hasattr(rows, "columns"))


def _by_name(row: Mapping[Any, Any]) -> Mapping[str, Any]:
    """A row with texts as its keys, which may be numbers."""
    if all(type(name) is str for name in row):
        return row
    # str() of a member of an enumeration is another text than the one that it equals.
    names = [str.__str__(name) if isinstance(name, str) else str(name) for name in row]
    return _unique(names, list(row.values()))


def is_one(rows: Mapping[Any, Any]) -> bool:
    """Whether a dict holds the values of one row, and not columns."""
    return bool(rows) and all(is_single(value) for value in rows.values())


def is_single(value: Any) -> bool:
    """Whether a value of a dict is that of one row: a text, bytes, an array without axes, whatever has no values."""
    if isinstance(value, str | bytes | bytearray | memoryview) or getattr(value, "shape", None) == ():
        return True
    return not hasattr(type(value), "__len__") and not hasattr(type(value), "__next__")


def _listed(name: str, column: Any) -> Sequence[Any] | Array:
    """A column of a dict. Raises ContractError E104 for what has no order or more than one axis."""
    axes = getattr(column, "ndim", 1)
    if axes == 1 and isinstance(column, np.ndarray):
        return column
    ordered = hasattr(type(column), "__len__") and hasattr(type(column), "__iter__")
    if axes != 1 or not ordered or isinstance(column, Mapping | Set):
        raise ContractError(
            "E104",
            f"The column {name!r:.80} is a {type(column).__name__}"
            + (f" of {axes} axes." if axes != 1 else ", which is no list of values."),
            fix="Give each column a list of its values in the order of the rows; of a data frame, df.to_dict('list').",
        )
    return list(column)


def _with_absent(contract: Contract, rows: Any, table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table of rows that are dicts, with a column of nothing for inputs that all of them may and do lack.

    An input that one of their keys nearly names is still lacking, since that is a slip.
    """
    count = int(is_one(rows)) if isinstance(rows, Mapping) else len(rows) if isinstance(rows, list | tuple) else 0
    others = _others(contract, table)
    lacking = [f.name for f in contract.inputs if count and f.missing == "allowed" and f.name not in table]
    return {**table, **{name: [None] * count for name in lacking if not others or _closest(name, others) is None}}


def _closest(name: str, others: Sequence[str]) -> str | None:
    folded = {other.strip().casefold(): other for other in others}
    found = difflib.get_close_matches(name.strip().casefold(), list(folded), n=1, cutoff=0.75)
    return folded[found[0]] if found else None


def _unique(names: Sequence[str], columns: Sequence[Any]) -> dict[str, Any]:
    table = dict(zip(names, columns, strict=True))
    if len(table) != len(names):
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise ContractError("E103", f"The column {twice!r:.80} stands more than once.", fix="Rename the second one.")
    return table


def _pandas(series: Any) -> Array:
    array: Array = series.to_numpy()
    return array


def _arrow(column: Any) -> Any:
    # As an array, a time would lose its zone, and with it the reason to be refused.
    return column.to_pylist() if getattr(column.type, "tz", None) else column.to_numpy(zero_copy_only=False)


def _polars(column: Any) -> Any:
    return column.to_list() if getattr(column.dtype, "time_zone", None) else column.to_numpy()


def _matrix(rows: Any) -> Array:
    if hasattr(rows, "toarray"):
        raise ContractError("E104", "The rows are a sparse matrix.", fix="Call .toarray() on it first.")
    array: Array = _rows_of_lists(rows) if isinstance(rows, list | tuple) else np.asarray(rows)
    if isinstance(array, np.matrix):  # of which every column is one, too
        array = np.asarray(array)
    if array.ndim != 2 or array.dtype.names is not None:
        raise ContractError(
            "E104",
            f"Rows of the type {type(rows).__name__} and the shape {array.shape} are no table.",
            fix=_FORMS,
        )
    return array


def _rows_of_lists(rows: Sequence[Any]) -> Array:
    """Lists of one length as an array (N, k) of objects, else one of another shape.

    NumPy is not asked to find out the shape: it looks into the cells, and ends the process over some that are
    containers (seen in 2.4).
    """
    lengths = {len(row) if _is_row(row) else -1 for row in rows}
    if len(lengths) != 1 or -1 in lengths:
        return np.empty(len(rows), dtype=object)
    width = lengths.pop()
    cells = np.fromiter(chain.from_iterable(rows), dtype=object, count=len(rows) * width)
    return cells.reshape(len(rows), width)


def _is_row(row: Any) -> bool:
    if isinstance(row, np.ndarray):
        return row.ndim == 1 and row.dtype.names is None
    return isinstance(row, list | tuple | range) or getattr(row, "ndim", 0) == 1
