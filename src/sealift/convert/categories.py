"""Values to the numbers of their categories, in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.contract import is_missing
from sealift.convert.graph import Tensor, where
from sealift.convert.table import Block

UNKNOWN = -1


def codes(column: Block, categories: Any) -> Tensor:
    """The index of each row's value in `categories`, int64 (N,); UNKNOWN where it is none of them.

    A missing value (NaN or None) has the index of the missing category, if there is one.
    """
    known = list(categories)
    none = column.missing is not None and column.null is None
    missing = next((i for i, v in enumerate(known) if is_missing(v) and (v is None) == none), UNKNOWN)
    present = [(i, value) for i, value in enumerate(known) if not is_missing(value)]
    if column.missing is not None:
        texts = [(i, value) for i, value in present if isinstance(value, str)]
        found = _look_up(column.values.vector(), texts)
        return where(column.missing.vector(), np.array(missing), found)
    values = column.values.vector()
    numbers = [(i, float(value)) for i, value in present if not isinstance(value, str)]
    found = _compare(column.values, numbers)
    return where(values.isnan(), np.array(missing), found) if values.dtype.startswith("float") else found


def _look_up(values: Tensor, pairs: list[tuple[int, str]]) -> Tensor:
    if not pairs:
        return values.graph.constant(np.full(1, UNKNOWN))
    return values.op(
        "LabelEncoder",
        dtype="int64",
        domain="ai.onnx.ml",
        keys_strings=[text for _, text in pairs],
        values_int64s=np.array([index for index, _ in pairs], dtype=np.int64),
        default_int64=UNKNOWN,
    )


def _compare(values: Tensor, pairs: list[tuple[int, float]]) -> Tensor:
    if not pairs:
        return values.graph.constant(np.full(1, UNKNOWN))
    keys = np.array([[value for _, value in pairs]])
    indices = np.array([index for index, _ in pairs], dtype=np.int64)
    same = values.cast("float64").equals(keys).cast("float64")
    return where(same.max() > 0.5, same.argmax().take_from(indices), np.array(UNKNOWN))
