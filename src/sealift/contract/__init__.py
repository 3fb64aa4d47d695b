"""The contract: what goes in and what comes out, by name, with the checks that follow from it.

Specified in spec/CONTRACT.md.
"""

from sealift.contract.cautions import Cautions, cautions
from sealift.contract.cells import CellReader, Unreadable, read_cell, read_column
from sealift.contract.check import Batch, Problem, encode, is_missing, quoted
from sealift.contract.contract import ABOUT, Contract, Headline, Ignored, Stage, Tensor
from sealift.contract.field import (
    MISSING_WORDS,
    DType,
    Field,
    Output,
    Policy,
    Scalar,
    Task,
    named_categories,
    shown,
)
from sealift.contract.numbers import percent, readable
from sealift.contract.reader import RowReader
from sealift.contract.rows import as_table, columns_of, match_columns

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
    "Tensor",
    "Unreadable",
    "as_table",
    "cautions",
    "columns_of",
    "encode",
    "is_missing",
    "match_columns",
    "named_categories",
    "percent",
    "quoted",
    "read_cell",
    "read_column",
    "readable",
    "shown",
]
