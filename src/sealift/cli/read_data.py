"""Read the rows for `sealift pack` and `doctor` from a table file, with typed columns as from `pandas.read_csv`."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import MISSING_WORDS, CellReader, DType, Field, Unreadable, is_missing
from sealift.contract.datetimes import micros_of
from sealift.errors import ContractError, FileError

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}($|[tT])")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")


def read_data(
    path: Path, *, target: str | None, drop: Sequence[str], fields: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[Any, Any]:
    """Read the rows without `target` and `drop`, and the values of the target.

    Cells of text are parsed as by `pandas.read_csv` with its defaults, also in columns of strings, where NA and None
    are missing. `missing_as`, `true_as`, `false_as` and `date_format` in `fields` change this.

    Returns:
        The rows as a pandas DataFrame where pandas is installed, else as a dict of arrays; and the values of the target
        as a Series of its name, else as an array, or None without a target.

    Raises:
        FileError: E401 to E405; E404 also for a single unreadable record, since the proof must use all of them.
        ContractError: E101 when a named column does not exist, E103, E105.
    """
    # A label such as "None" is more often a class than a missing value.
    described = {target: {"missing_as": [""]}, **(fields or {})} if target is not None else fields or {}
    columns = _columns(path, described)
    for name in [*drop, *([target] if target is not None else [])]:
        if name not in columns:
            listed = ", ".join(f'"{column}"' for column in list(columns)[:20])
            raise ContractError(
                "E101", f'There is no column "{name}".', where=str(path), fix=f"The file has these columns: {listed}."
            )
    truth = np.asarray(columns[target]) if target is not None else None
    rows = {name: values for name, values in columns.items() if name not in {target, *drop}}
    if find_spec("pandas") is None:
        return rows, truth
    import pandas

    return pandas.DataFrame(rows), None if truth is None else pandas.Series(truth, name=target, dtype=truth.dtype)


def _columns(path: Path, fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    from sealift.batch import kind_of
    from sealift.batch.kinds import open_table

    kind = kind_of(path)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise FileError(
            "E401", f"The file cannot be read: {error.strerror}.", where=str(path), fix="Check the path."
        ) from None
    with stream:
        reader = open_table(stream, str(path), kind)
        duplicate = next((name for name, times in Counter(reader.names).items() if times > 1), None)
        if duplicate is not None:
            raise ContractError(
                "E103", f'Duplicate column "{duplicate}".', where=str(path), fix="Rename or remove one of them."
            )
        pieces = list(reader.chunks(reader.names, 1 << 14))
        names = list(reader.names)
        reader.close()
    fault = next((fault for piece in pieces for fault in piece.faults), None)
    if fault is not None:
        raise FileError("E404", fault.message, where=f"{path}, row {fault.row}", fix="Correct the record or remove it.")
    if not pieces:
        raise ContractError("E105", "There are no rows below the header.", where=str(path), fix="Add at least one row.")
    as_text = pieces[0].cells == "all"
    return {
        name: _typed_cells(parts, _cell_options(fields.get(name, {}), name)) if as_text else _typed_values(parts)
        for name in names
        for parts in [[piece.columns[name] for piece in pieces]]
    }


def _cell_options(field: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The options of a contract file for the cells of a column. Raises ContractError E106 where they are malformed."""
    keys = {"missing_as", "true_as", "false_as", "date_format"}
    described = {key: value for key, value in field.items() if key in keys}
    # Checked by a field of the type that has these options.
    words = bool({"true_as", "false_as"} & described.keys())
    dtype = "bool" if words else "datetime" if "date_format" in described else "string"
    Field.from_json({"name": name, "dtype": dtype, **described})
    return described


def _typed_cells(parts: Sequence[Any], described: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Numbers where every cell is a number or missing; else booleans or dates where all are; else strings."""
    cells: list[str] = list(chain.from_iterable(parts))
    words = described.get("missing_as", MISSING_WORDS)

    def read(dtype: DType) -> Any:
        return CellReader(dtype, **{"missing_as": words, **described}).column(cells)

    if "date_format" in described:
        return _dates(read("datetime"))
    if {"true_as", "false_as"} & described.keys():
        flags = read("bool")
        if not any(isinstance(value, Unreadable) for value in flags):
            return np.array(flags, dtype=np.object_ if None in flags else np.bool_)
    if all(_WHOLE.fullmatch(cell) and cell not in words for cell in cells):
        return np.fromiter(map(int, cells), np.int64, len(cells))
    numbers = read("float64")
    if isinstance(numbers, np.ndarray):
        return numbers
    if not any(isinstance(value, Unreadable) for value in numbers):
        return np.array([np.nan if value is None else value for value in numbers], dtype=np.float64)
    present = {cell.strip().lower() for cell in cells if cell.strip() not in words}
    if present <= {"true", "false"}:
        flags = read("bool")
        return np.array(flags, dtype=np.object_ if None in flags else np.bool_)
    if present and all(map(_DATE.match, present)):
        return _dates(read("datetime"))
    # A missing value is NaN, as in `read_csv`: scikit-learn's imputers distinguish None from NaN in object columns.
    return _objects([np.nan if value is None else value for value in read("string")])


def _typed_values(parts: Sequence[Any]) -> npt.NDArray[Any]:
    """The values of JSON, Parquet or a workbook, in the narrowest dtype that holds all of them."""
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    values: list[Any] = [
        value.item() if isinstance(value, np.generic) else value for value in chain.from_iterable(parts)
    ]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float, Decimal} and kinds:
        whole = kinds == {int} and None not in values and all(abs(value) < 2**63 for value in values)
        try:
            return np.array([np.nan if v is None else v for v in values], dtype=np.int64 if whole else np.float64)
        except OverflowError:  # an integer beyond float64
            return _objects(values)
    if kinds == {bool} and None not in values:
        return np.array(values, dtype=np.bool_)
    if kinds and all(issubclass(kind, datetime.date) for kind in kinds):
        return _dates(values)
    if kinds == {str} and all(_DATE.match(value) for value in values if value is not None):
        return _dates(values)
    return _objects(values)


def _dates(values: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Dates as datetime64 where all values are dates; otherwise objects, such as strings with a time zone."""
    micros = [None if is_missing(value) else micros_of(value, "datetime") for value in values]
    if any(moment is None and not is_missing(value) for moment, value in zip(micros, values, strict=True)):
        return _objects([value.text if isinstance(value, Unreadable) else value for value in values])
    return np.array(["NaT" if moment is None else moment for moment in micros], dtype="datetime64[us]")


def _objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    array = np.empty(len(values), dtype=np.object_)
    array[:] = values
    return array
