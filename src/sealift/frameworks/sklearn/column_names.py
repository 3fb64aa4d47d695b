"""The names of a step's output columns."""

from __future__ import annotations

from typing import Any

from sklearn.utils._set_output import _get_output_config

from sealift.graph.builder import Tensor
from sealift.graph.table import Table


def one_dtype(step: Any, x: Table) -> Table:
    """The dtype of the columns as one array: float, unless all have one dtype or the step returns data frames."""
    if len({block.whole for block in x.blocks}) <= 1 or _get_output_config("transform", step)["dense"] != "default":
        return x
    return x.as_floats()


def named(step: Any, values: Tensor, x: Table) -> Table:
    """`values` (N, k) with the step's output names for the input `x`, or default names if it has none."""
    for given in (x.names, None):
        try:
            names = step.get_feature_names_out(given)
        except (AttributeError, ValueError):  # fitted on other names, or a step that does not name its columns
            continue
        if len(names) == values.width:
            return x.with_values(values, [str(name) for name in names])
    return x.with_values(values)
