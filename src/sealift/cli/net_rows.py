"""The preprocessing of a net for `sealift pack` and `doctor`, and the rows of a file as it takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from sealift import files
from sealift.cli.read_data import read_data
from sealift.contract import is_missing
from sealift.errors import ContractError

if TYPE_CHECKING:
    from sealift.packing.preprocess import Preprocessing


def read_preprocessing(given: Path | None) -> Preprocessing | None:
    """The preprocessing that `--preprocess` names: `module.py:name`, which runs that file, or a file; None without one.

    Raises:
        FileError: E401. PackError: E308 for a module, E321 to E324, E340 and E341 as `pack`.
    """
    if given is None:
        return None
    from sealift.packing.load_model import object_in_module
    from sealift.packing.preprocess import recognised

    named = object_in_module(str(given))
    if named is None:
        try:
            given.stat()
        except (OSError, ValueError) as error:
            raise files.unreadable(given, error) from None
    return recognised(str(given) if named is None else named)


def class_names(given: str | None) -> list[str] | None:
    """The names that `--class-names` lists. Raises BadParameter for an empty one."""
    if given is None:
        return None
    names = [name.strip() for name in given.split(",")]
    if not all(names):
        raise click.BadParameter("--class-names has an empty name; separate them by single commas.")
    return names


def read_rows(
    path: Path,
    preprocessing: Preprocessing | None,
    *,
    target: str | None,
    drop: Sequence[str],
    fields: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Any, Any]:
    """The rows of a table, and the values of the target, as `read_data`; of a net those of its preprocessing.

    Pictures are a folder, or a table with one column of their names, relative to the folder of the table. Texts are a
    table with one column.

    Raises:
        BadParameter: a column of a folder is named.
        FileError, ContractError: as `read_data`; E104 where the table has several columns.
    """
    if preprocessing is not None and preprocessing.rows == "pictures" and files.is_folder(path):
        if target is not None or drop:
            raise click.BadParameter("A folder of pictures has no columns: give --data a table with their names.")
        return path, None
    rows, truth = read_data(path, target=target, drop=drop, fields=fields)
    if preprocessing is None:
        return rows, truth
    names = [str(name) for name in rows]
    if len(names) != 1:
        raise ContractError(
            "E104",
            f"The preprocessing takes one column of {preprocessing.rows}, and the table has {len(names)}.",
            where=str(path),
            fix=f"Leave the others out with --drop; the columns are {', '.join(names[:20])}.",
        )
    values = [None if is_missing(value) else value for value in np.asarray(rows[names[0]], dtype=object).tolist()]
    if preprocessing.rows == "texts":
        return [value if value is None else str(value) for value in values], truth
    return [
        value if not isinstance(value, str) or value.startswith("data:") else path.parent / value for value in values
    ], truth
