"""`FunctionTransformer` (`preprocessing/_function_transformer.py`): the user's function is traced."""

from __future__ import annotations

from typing import Any

from sklearn import preprocessing

from sealift.convert.registry import converter
from sealift.convert.sklearn.names import named
from sealift.convert.table import Table
from sealift.convert.trace import trace


@converter(preprocessing.FunctionTransformer, how="traced")
def function(step: Any, x: Table) -> Table:
    """The function run once on a stand-in for what the step is given: a data frame, or an array."""
    func = step.func
    # OneToOne steps of scikit-learn's own checks change nothing.
    if func is None or getattr(getattr(func, "func", None), "__name__", "") == "check_array":
        return x
    frame = hasattr(step, "feature_names_in_") and not step.validate
    # The names that the step was given, which a step before it may have made.
    given = x.named(step.feature_names_in_) if frame and len(step.feature_names_in_) == x.width else x
    found = trace(func, given, step.kw_args or {}, frame=frame)
    if frame or any(block.is_text or block.time for block in found.blocks):
        return found
    return named(step, found.numbers(), x)
