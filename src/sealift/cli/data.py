"""Rows for `sealift pack`: a table file with its columns typed as a data scientist's reader would type them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Unreadable, is_missing, read_cell, read_column
from sealift.contract.cells import MISSING
from sealift.contract.moments import micros_of
from sealift.errors import ContractError, FileError

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}($|[tT])")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")


def read_data(path: Path, *, target: str | None, drop: Sequence[str]) -> tuple[Any, npt.NDArray[Any] | None]:
    """The rows without `target` and `drop`, and the target's values.

    The rows are a pandas DataFrame where pandas is installed, since models mostly were trained on one, else a dict of
    arrays.

    Raises:
        FileError: E401 to E405, E404 for a record that cannot be read: the proof must rest on all of them.
        ContractError: E101 when a named column is not there, E103, E105.
    """
    columns = _columns(path)
    for name in [*drop, *([target] if target is not None else [])]:
        if name not in columns:
            listed = ", ".join(f'"{found}"' for found in list(columns)[:20])
            raise ContractError(
                "E101", f'There is no column "{name}".', where=str(path), fix=f"The file has these columns: {listed}."
            )
    truth = np.asarray(columns[target]) if target is not None else None
    rows = {name: values for name, values in columns.items() if name not in {target, *drop}}
    if find_spec("pandas") is None:
        return rows, truth
    import pandas

    return pandas.DataFrame(rows), truth


def _columns(path: Path) -> dict[str, Any]:
    from sealift.score import kind_of
    from sealift.score.kinds import open_table

    kind = kind_of(path)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise FileError(
            "E401", f"The file cannot be read: {error.strerror}.", where=str(path), fix="Check the path."
        ) from None
    with stream:
        reader = open_table(stream, str(path), kind)
        twice = next((name for name in reader.names if reader.names.count(name) > 1), None)
        if twice is not None:
            raise ContractError(
                "E103", f'The column "{twice}" stands more than once.', where=str(path), fix="Rename it."
            )
        pieces = list(reader.chunks(reader.names, 1 << 14))
        names = list(reader.names)
        reader.close()
    fault = next((fault for piece in pieces for fault in piece.faults), None)
    if fault is not None:
        raise FileError("E404", fault.message, where=f"{path}, row {fault.row}", fix="Correct the record or remove it.")
    if not pieces:
        raise ContractError("E105", "There are no rows below the header.", where=str(path), fix="Add some.")
    typed = _typed_cells if pieces[0].cells == "all" else _typed_values
    return {name: typed([piece.columns[name] for piece in pieces]) for name in names}


def _typed_cells(parts: Sequence[Any]) -> npt.NDArray[Any]:
    """Numbers where every cell is one or missing, then booleans, else text."""
    cells: list[str] = list(chain.from_iterable(parts))
    if all(_WHOLE.fullmatch(cell) for cell in cells):
        return np.fromiter(map(int, cells), np.int64, len(cells))
    numbers = read_column(cells, "float64")
    if isinstance(numbers, np.ndarray):
        return numbers
    if not any(isinstance(value, Unreadable) for value in numbers):
        return np.array([np.nan if value is None else value for value in numbers], dtype=np.float64)
    words = {cell.strip().lower() for cell in cells if cell.strip() not in MISSING}
    if words <= {"true", "false"}:
        flags = [read_cell(cell, "bool") for cell in cells]
        return np.array(flags, dtype=np.object_ if None in flags else np.bool_)
    if words and all(map(_DATE.match, words)):
        return _dates(read_column(cells, "datetime"))
    return _objects([cell or None for cell in cells])


def _typed_values(parts: Sequence[Any]) -> npt.NDArray[Any]:
    """What JSON, Parquet or a workbook holds, in the narrowest dtype that says it all."""
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    values: list[Any] = [
        value.item() if isinstance(value, np.generic) else value for value in chain.from_iterable(parts)
    ]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and kinds:
        whole = kinds == {int} and None not in values and all(abs(value) < 2**63 for value in values)
        return np.array([np.nan if v is None else v for v in values], dtype=np.int64 if whole else np.float64)
    if kinds == {bool} and None not in values:
        return np.array(values, dtype=np.bool_)
    if kinds and all(issubclass(kind, datetime.date) for kind in kinds):
        return _dates(values)
    if kinds == {str} and all(_DATE.match(value) for value in values if value is not None):
        return _dates(values)
    return _objects(values)


def _dates(values: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Dates as datetime64, where all values are such; what a zone or another spelling makes of them otherwise."""
    micros = [None if is_missing(value) else micros_of(value, "datetime") for value in values]
    if any(found is None and not is_missing(value) for found, value in zip(micros, values, strict=True)):
        return _objects([value.text if isinstance(value, Unreadable) else value for value in values])
    return np.array(["NaT" if found is None else found for found in micros], dtype="datetime64[us]")


def _objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    array = np.empty(len(values), dtype=np.object_)
    array[:] = values
    return array
