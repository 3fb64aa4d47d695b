"""The contract: what goes in and what comes out, by name, with the checks that follow from it.

Specified in spec/CONTRACT.md.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sealift.contract.contract import ABOUT, Contract, Headline, Ignored
from sealift.contract.display import labels
from sealift.contract.field import DType, Field, Policy, Task, named_categories
from sealift.contract.numbers import percent, readable
from sealift.contract.output import Output
from sealift.contract.scalars import Scalar, shown
from sealift.contract.stage import Stage
from sealift.contract.tensor_spec import TensorSpec
from sealift.contract.values import MISSING_WORDS

if TYPE_CHECKING:
    from sealift.contract.cautions import Cautions, cautions
    from sealift.contract.cells import CellReader, Unreadable, read_cell, read_column
    from sealift.contract.check import Batch, Problem, encode, is_missing, quoted
    from sealift.contract.row_reader import RowReader
    from sealift.contract.rows import as_table, columns_of, match_columns

# What computes with arrays is imported on first use: NumPy takes longer to start than `sealift inspect` to read a file.
_HOMES = {
    "cautions": ("Cautions", "cautions"),
    "cells": ("CellReader", "Unreadable", "read_cell", "read_column"),
    "check": ("Batch", "Problem", "encode", "is_missing", "quoted"),
    "row_reader": ("RowReader",),
    "rows": ("as_table", "columns_of", "match_columns"),
}

__all__ = [
    "ABOUT",
    "MISSING_WORDS",
    "Batch",
    "Cautions",
    "CellReader",
    "Contract",
    "DType",
    "Field",
    "Headline",
    "Ignored",
    "Output",
    "Policy",
    "Problem",
    "RowReader",
    "Scalar",
    "Stage",
    "Task",
    "TensorSpec",
    "Unreadable",
    "as_table",
    "cautions",
    "columns_of",
    "encode",
    "is_missing",
    "labels",
    "match_columns",
    "named_categories",
    "percent",
    "quoted",
    "read_cell",
    "read_column",
    "readable",
    "shown",
]


def __getattr__(name: str) -> Any:
    if not any(name in names for names in _HOMES.values()):
        raise AttributeError(f"module 'sealift.contract' has no attribute {name!r}")
    # All at once: the import of the module `cautions` binds its own name here, which is that of a function.
    for home, names in _HOMES.items():
        module = import_module(f"sealift.contract.{home}")
        globals().update({each: getattr(module, each) for each in names})
    return globals()[name]
