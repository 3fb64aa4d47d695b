"""Convert the caller's rows (data frames, arrays, lists of dicts) to columns by input name."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import chain
from typing import Any, cast

import numpy as np

from sealift.contract.check import Array
from sealift.contract.contract import Contract
from sealift.contract.field import Field
from sealift.errors import ContractError

_COMPARED = 5000  # names that are compared for a hint: each comparison takes microseconds


_FORMS = "Give a data frame, a 2-d array, a list of dicts or a dict of columns; one row is [[…]]."


def columns_of(contract: Contract, rows: Any, *, ignore_extra: bool = False) -> dict[str, Sequence[Any] | Array]:
    """The values of the contract's inputs, each as a sequence of N values.

    Args:
        contract: names the inputs.
        rows: a pandas, polars or pyarrow table, a 2-d NumPy array or list of lists (columns in the contract's
            order), a list of dicts, a dict of columns, one dict of values, or strings for a single string input.
            A key that is absent from a dict of values is a missing value, where the contract allows one.
        ignore_extra: ignore unknown columns instead of raising E102; columns that the model does not use
            (`Contract.ignored`) are always ignored.

    Raises:
        ContractError: E101 to E105.
    """
    try:
        return _columns(contract, rows, ignore_extra=ignore_extra)
    except ContractError:
        raise
    except Exception as error:  # methods of the caller's objects may raise anything
        reason = " ".join(str(error).split())[:200]
        raise ContractError(
            "E104",
            f"Rows of the type {type(rows).__name__} cannot be read: {type(error).__name__}: {reason}",
            fix=_FORMS,
        ) from error


def _columns(contract: Contract, rows: Any, *, ignore_extra: bool) -> dict[str, Sequence[Any] | Array]:
    only = contract.inputs[0] if len(contract.inputs) == 1 else None
    if only is not None and only.type.feeds == "text" and _is_column(rows):
        # A series is indexed by its labels, not by position.
        table: Any = {only.name: rows if isinstance(rows, np.ndarray) else list(rows)}
    elif only is not None and (column := only.type.column(rows)) is not None:
        table = {only.name: column}
    elif only is not None and _holds_arrays(only, rows):
        table = {only.name: rows}
    elif arrays := _arrays(contract, rows):
        others = as_table({name: column for name, column in rows.items() if name not in arrays})
        table = {**cast("dict[str, Any]", others), **arrays}
    else:
        table = as_table(rows)
    if isinstance(table, Mapping):
        whole = _with_absent(contract, rows, table)
        match_columns(contract, list(whole), ignore_extra=ignore_extra)
        columns = {field.name: whole[field.name] for field in contract.inputs}
    else:
        positions = _positions(contract, table.shape[1])
        columns = {field.name: table[:, i] for field, i in zip(contract.inputs, positions, strict=True)}
    axes = {field.name: (1, 1 + field.type.axes) for field in contract.inputs}
    wide = next((name for name, column in columns.items() if getattr(column, "ndim", 1) not in axes[name]), None)
    if wide is not None:
        raise ContractError(
            "E104", f"The column {wide!r:.80} holds a list in each row.", fix="Give one value for each row."
        )
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise ContractError("E104", "The columns differ in length.", fix="Give each column as many values as rows.")
    if lengths == {0}:
        raise ContractError("E105", "There are no rows to predict.", fix="Give at least one row.")
    return columns


def _holds_arrays(field: Field, column: Any) -> bool:
    """Whether a NumPy array holds one array of the field's type for each row."""
    return bool(field.type.axes) and isinstance(column, np.ndarray) and column.ndim == 1 + field.type.axes


def _arrays(contract: Contract, rows: Any) -> dict[str, Array]:
    """The columns of a dict that are NumPy arrays of more than one axis, for inputs that are arrays."""
    if not isinstance(rows, dict):
        return {}
    fields = (field for field in contract.inputs if field.type.axes)
    return {field.name: rows[field.name] for field in fields if _holds_arrays(field, rows.get(field.name))}


def as_table(rows: Any) -> dict[str, Sequence[Any] | Array] | Array:
    """Columns by name where the rows have names, else a 2-d array. Raises ContractError E103, E104."""
    if hasattr(rows, "column_names") and hasattr(rows, "column"):  # pyarrow
        names = [str(name) for name in rows.column_names]
        return _unique(names, [_arrow(rows.column(i)) for i in range(len(names))])
    if hasattr(rows, "columns") and hasattr(rows, "iloc"):  # pandas; by position, since names may repeat
        return _unique([str(name) for name in rows.columns], [_pandas(column) for _, column in rows.items()])
    if hasattr(rows, "columns") and hasattr(rows, "get_columns"):  # polars
        return _unique(list(rows.columns), [_polars(column) for column in rows.get_columns()])
    if isinstance(rows, Mapping) and not hasattr(rows, "toarray"):  # scipy's dok_array is a mapping
        if is_one(rows):
            return {name: [value] for name, value in _by_name(rows).items()}
        by_name = _by_name(rows)
        single = next((name for name, value in by_name.items() if is_single(value)), None)
        if single is not None:
            raise ContractError(
                "E104",
                f"The rows are a dict of columns, but {single!r:.80} holds a single value.",
                fix="Give each column a list of the same length, {'a': […], 'b': […]}; for one row, single values.",
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


def match_columns(contract: Contract, names: Iterable[str], *, ignore_extra: bool = False) -> list[str]:
    """Compare a table's column names with the inputs.

    Returns:
        With `ignore_extra`, the names that are not inputs; otherwise an empty list.

    Raises:
        ContractError: E103 for a duplicate name, E101 for missing inputs (with a similar column name as a hint), E102
            for columns that are neither inputs nor ignored by the model, unless `ignore_extra`.
    """
    present = list(names)
    duplicates = [name for name, times in Counter(present).items() if times > 1]
    if duplicates:
        raise ContractError("E103", f"Duplicate column {duplicates[0]!r:.80}.", fix="Rename or remove one of them.")
    known = set(present)
    lacking = [field.name for field in contract.inputs if field.name not in known]
    others = _others(contract, present)
    if lacking:
        close = _closest(lacking[0], others[:_COMPARED])
        hint = f'Rename the column "{close}" to "{lacking[0]}".' if close else "Add the columns with these exact names."
        raise ContractError("E101", f"The rows lack {_quoted(lacking)}.", fix=hint)
    if others and not ignore_extra:
        raise ContractError(
            "E102",
            f"The rows have columns that are not inputs of the model: {_quoted(others)}.",
            fix="Remove them, or ignore them with ignore_extra=True.",
        )
    return [name for name in present if name not in contract.index] if ignore_extra else []


def _others(contract: Contract, names: Iterable[str]) -> list[str]:
    """The names that are neither inputs nor ignored by the model."""
    return [name for name in names if name not in contract.index and name not in contract.ignored_names]


def _quoted(names: Sequence[str]) -> str:
    """The first five names, and how many more there are."""
    return ", ".join(f'"{name}"' for name in names[:5]) + (f" and {len(names) - 5} more" * (len(names) > 5))


def _positions(contract: Contract, width: int) -> Sequence[int]:
    """The positions of the inputs in rows without names, which may have the ignored columns or not."""
    every = len(contract.inputs) + len(contract.ignored)
    if width == len(contract.inputs):
        return range(width)
    if width == every:
        dropped = {column.position for column in contract.ignored}
        return [position for position in range(every) if position not in dropped]
    more = f" and {len(contract.ignored)} columns that it ignores" if contract.ignored else ""
    raise ContractError(
        "E104",
        f"The rows have {width} columns without names, but the model has {len(contract.inputs)} inputs{more}.",
        fix="Give as many columns as the contract has inputs, in its order, or give them by name.",
    )


def _is_column(rows: Any) -> bool:
    """Whether `rows` is a list, array or series of strings."""
    if isinstance(rows, list | tuple):
        return bool(rows) and all(isinstance(value, str) for value in rows)
    return getattr(rows, "ndim", 0) == 1 or (hasattr(rows, "to_list") and not hasattr(rows, "columns"))


def _by_name(row: Mapping[Any, Any]) -> Mapping[str, Any]:
    """A row with its keys, which may be numbers, as strings."""
    if all(type(name) is str for name in row):
        return row
    # str() of a member of an enumeration is not the string that the member is equal to.
    names = [str.__str__(name) if isinstance(name, str) else str(name) for name in row]
    return _unique(names, list(row.values()))


def is_one(rows: Mapping[Any, Any]) -> bool:
    """Whether a dict holds the values of one row, instead of columns."""
    return bool(rows) and all(is_single(value) for value in rows.values())


def is_single(value: Any) -> bool:
    """Whether a value of a dict belongs to one row: strings, bytes, 0-d arrays and all that is not iterable."""
    if isinstance(value, str | bytes | bytearray | memoryview) or getattr(value, "shape", None) == ():
        return True
    return not hasattr(type(value), "__len__") and not hasattr(type(value), "__next__")


def _listed(name: str, column: Any) -> Sequence[Any] | Array:
    """A column of a dict. Raises ContractError E104 for unordered collections and more than one axis."""
    axes = getattr(column, "ndim", 1)
    if axes == 1 and isinstance(column, np.ndarray):
        return column
    ordered = hasattr(type(column), "__len__") and hasattr(type(column), "__iter__")
    if axes != 1 or not ordered or isinstance(column, Mapping | Set):
        raise ContractError(
            "E104",
            f"The column {name!r:.80} is a {type(column).__name__}"
            + (f" with {axes} axes." if axes != 1 else ", not a list of values."),
            fix="Give each column a list of values in the order of the rows; for a data frame, df.to_dict('list').",
        )
    return list(column)


def _with_absent(contract: Contract, rows: Any, table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add a column of missing values for inputs that no dict has and that may be missing.

    An input with a name similar to an unknown key is not added, since the key is probably misspelt.
    """
    count = int(is_one(rows)) if isinstance(rows, Mapping) else len(rows) if isinstance(rows, list | tuple) else 0
    others = _others(contract, table)
    lacking = [f.name for f in contract.inputs if count and f.missing == "allowed" and f.name not in table]
    return {**table, **{name: [None] * count for name in lacking if not others or _closest(name, others) is None}}


def _closest(name: str, others: Sequence[str]) -> str | None:
    folded = {other.strip().casefold(): other for other in others}
    matches = difflib.get_close_matches(name.strip().casefold(), list(folded), n=1, cutoff=0.75)
    return folded[matches[0]] if matches else None


def _unique(names: Sequence[str], columns: Sequence[Any]) -> dict[str, Any]:
    table = dict(zip(names, columns, strict=True))
    if len(table) != len(names):
        duplicate = next(name for name, times in Counter(names).items() if times > 1)
        raise ContractError("E103", f"Duplicate column {duplicate!r:.80}.", fix="Rename or remove one of them.")
    return table


def _pandas(series: Any) -> Array:
    array: Array = series.to_numpy()
    return array


def _arrow(column: Any) -> Any:
    # In a NumPy array times have no zone, and zones must be refused.
    return column.to_pylist() if getattr(column.type, "tz", None) else column.to_numpy(zero_copy_only=False)


def _polars(column: Any) -> Any:
    return column.to_list() if getattr(column.dtype, "time_zone", None) else column.to_numpy()


def _matrix(rows: Any) -> Array:
    if hasattr(rows, "toarray"):
        raise ContractError("E104", "The rows are a sparse matrix.", fix="Call .toarray() on it first.")
    array: Array = _rows_of_lists(rows) if isinstance(rows, list | tuple) else np.asarray(rows)
    if isinstance(array, np.matrix):  # its columns are 2-d
        array = np.asarray(array)
    if array.ndim != 2 or array.dtype.names is not None:
        raise ContractError(
            "E104",
            f"Rows of the type {type(rows).__name__} with the shape {array.shape} are not a table.",
            fix=_FORMS,
        )
    return array


def _rows_of_lists(rows: Sequence[Any]) -> Array:
    """Lists of the same length as an object array (N, k); otherwise a 1-d array.

    NumPy must not infer the shape: it looks into the cells, and cells that are containers can crash the process (seen
    in 2.4).
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
