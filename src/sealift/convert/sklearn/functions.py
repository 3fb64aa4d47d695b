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
    found = trace(func, x, step.kw_args or {}, frame=frame)
    if frame and found.names != x.names:
        return found
    return named(step, found.numbers(), x) if not any(b.is_text for b in found.blocks) and not frame else found
