"""Encoders of categories (`preprocessing/_encoders.py`), including missing, unknown and infrequent ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import preprocessing

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.graph.categories import UNKNOWN, codes, indicators, needed_categories, refuse_dates, translate
from sealift.graph.step import refuse
from sealift.graph.table import Table


def _grouped(step: Any, column: int) -> tuple[Any, int]:
    """Category index → index after grouping infrequent ones; and the index of an unknown category."""
    mappings = getattr(step, "_default_to_infrequent_mappings", None) if step._infrequent_enabled else None
    mapping = None if mappings is None else mappings[column]
    if mapping is None:
        return np.arange(len(step.categories_[column])), UNKNOWN
    unknown = int(np.max(mapping)) if step.handle_unknown in ("infrequent_if_exist", "warn") else UNKNOWN
    # OrdinalEncoder's map does not contain the missing category, which is the last.
    missing = [UNKNOWN] * (len(step.categories_[column]) - len(mapping))
    return np.array([*mapping, *missing], dtype=np.int64), unknown


@converter(preprocessing.OneHotEncoder)
def one_hot(step: Any, x: Table) -> Table:
    """One column for each retained category; all zero for a dropped or unknown one."""
    refuse_dates(step.categories_)
    groups = [_grouped(step, i) for i in range(x.width)]
    indices = codes(x, needed_categories(step.categories_, [[*grouped, unknown] for grouped, unknown in groups]))
    if any(unknown >= 0 or not np.array_equal(grouped, np.arange(len(grouped))) for grouped, unknown in groups):
        indices = translate(indices, [[*grouped, unknown] for grouped, unknown in groups])
    dropped = step._drop_idx_after_grouping
    counts = [int(grouped.max()) + 1 for grouped, _ in groups]
    kept = [
        [number for number in range(count) if dropped is None or number != dropped[i]] for i, count in enumerate(counts)
    ]
    if not any(kept):
        raise refuse("It drops every category.", "Use drop=None, or leave out columns with a single category.")
    return named(step, indicators(indices, kept, counts).cast(_floating(step.dtype)), x)


@converter(preprocessing.OrdinalEncoder)
def ordinal(step: Any, x: Table) -> Table:
    """The index of the category; separate codes for missing and unknown ones."""
    refuse_dates(step.categories_)
    tables = []
    for i in range(x.width):
        grouped, unknown = _grouped(step, i)
        values = np.array([*grouped, unknown], dtype=np.float64)
        if i in step._missing_indices:
            values[step._missing_indices[i]] = step.encoded_missing_value
        if step.handle_unknown == "use_encoded_value":
            values[-1] = np.nan if step.unknown_value is None else float(step.unknown_value)
        tables.append(values)
    return named(
        step, translate(codes(x, needed_categories(step.categories_, tables)), tables).cast(_floating(step.dtype)), x
    )


@converter(preprocessing.TargetEncoder)
def target(step: Any, x: Table) -> Table:
    """The target's mean in the category, shrunk towards the overall mean; one column per class for several classes."""
    refuse_dates(step.categories_)
    means = np.atleast_1d(step.target_mean_)
    tables = [[*encoding, means[i % len(means)]] for i, encoding in enumerate(step.encodings_)]
    indices = codes(x, step.categories_).columns(np.arange(len(tables)) // len(means))
    return named(step, translate(indices, tables), x)


def _floating(dtype: npt.DTypeLike) -> str:
    return "float32" if np.dtype(dtype) == np.float32 else "float64"
