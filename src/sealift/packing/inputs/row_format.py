"""Convert the rows of a table file to the format that a model takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.contract import is_missing
from sealift.frameworks import source_of
from sealift.packing.bundles import ModelParts, taken_apart
from sealift.packing.inputs.columns import plain


def as_taken(model: Any, table: Any) -> Any:
    """The rows of a table file in the model's format.

    For a model of strings, the only column of the table; for a model of dicts, a dict for each row, without the keys
    of missing cells; otherwise the table itself.
    """
    parts = taken_apart(ModelParts(model, table))
    single = hasattr(table, "iloc") and getattr(table, "shape", ())[1:] == (1,)
    if parts.preprocess is not None:  # a pipeline, which reads texts
        return table.iloc[:, 0] if single else table
    rows = source_of(parts.model).rows
    if rows.kind == "dicts":
        columns = {str(name): np.asarray(table[name], dtype=object) for name in table}
        own = rows.key_of
        keys = [own.get(name, name) for name in columns]
        return [
            {key: plain(value) for key, value in zip(keys, row, strict=True) if not is_missing(value)}
            for row in zip(*columns.values(), strict=True)
        ]
    return table.iloc[:, 0] if single and rows.kind == "texts" else table
