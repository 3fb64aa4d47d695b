"""Encoders of categories (`preprocessing/_encoders.py`), missing, unseen and infrequent ones included."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import preprocessing

from sealift.convert.categories import UNKNOWN, codes
from sealift.convert.graph import Tensor, concat, stack, where
from sealift.convert.registry import converter
from sealift.convert.table import Table


def _grouped(step: Any, column: int) -> tuple[Any, int]:
    """Category number → number after infrequent ones were grouped; and what an unknown category becomes."""
    mappings = getattr(step, "_default_to_infrequent_mappings", None) if step._infrequent_enabled else None
    mapping = None if mappings is None else mappings[column]
    if mapping is None:
        return np.arange(len(step.categories_[column])), UNKNOWN
    unknown = int(np.max(mapping)) if step.handle_unknown in ("infrequent_if_exist", "warn") else UNKNOWN
    return np.asarray(mapping, dtype=np.int64), unknown


@converter(preprocessing.OneHotEncoder)
def one_hot(step: Any, x: Table) -> Table:
    """One column for each category kept; all zero for a dropped or unknown one."""
    parts: list[Tensor] = []
    for i, column in enumerate(x.each()):
        grouped, unknown = _grouped(step, i)
        dropped = None if step._drop_idx_after_grouping is None else step._drop_idx_after_grouping[i]
        kept = [number for number in range(int(grouped.max()) + 1) if number != dropped]
        if not kept:
            continue
        # Entry −1 of the map, which is its last, serves the unknown.
        place = {number: position for position, number in enumerate(kept)}
        mapped = np.array([place.get(int(g), UNKNOWN) for g in [*grouped, unknown]], dtype=np.int64)
        found = _translate(codes(column, step.categories_[i]), mapped)
        parts.append(found.matrix().equals(np.arange(len(kept))[None, :]).cast("float64"))
    return Table.of(concat(parts).cast(_floating(step.dtype)), step.get_feature_names_out())


@converter(preprocessing.OrdinalEncoder)
def ordinal(step: Any, x: Table) -> Table:
    """The category's number; own numbers for the missing and the unknown."""
    parts: list[Tensor] = []
    for i, column in enumerate(x.each()):
        grouped, unknown = _grouped(step, i)
        values = grouped.astype(np.float64)
        if i in step._missing_indices:
            values[step._missing_indices[i]] = step.encoded_missing_value
        last = float(unknown)
        if step.handle_unknown == "use_encoded_value":
            last = np.nan if step.unknown_value is None else float(step.unknown_value)
        parts.append(_translate(codes(column, step.categories_[i]), np.array([*values, last])))
    return Table.of(stack(parts).cast(_floating(step.dtype)), x.names)


def _translate(found: Tensor, table: Any) -> Tensor:
    """`table[found]`, where −1 means the last entry."""
    last = len(table) - 1
    return where(found < 0, np.array(last), found).take_from(np.asarray(table))


def _floating(dtype: Any) -> str:
    return "float32" if np.dtype(dtype) == np.float32 else "float64"
