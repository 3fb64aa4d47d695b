"""`FunctionTransformer` (`preprocessing/_function_transformer.py`): the user's function is traced."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import preprocessing

from sealift.errors import PackError
from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.frameworks.sklearn.storage import same_cells
from sealift.graph.table import Table
from sealift.tracing import trace, trace_series
from sealift.warning_filters import no_warnings


@converter(preprocessing.FunctionTransformer, how="traced")
def function(step: Any, x: Table) -> Table:
    """Call the function once with a placeholder for the step's input: a data frame or an array."""
    func = step.func
    # OneToOne steps of scikit-learn's own checks change nothing.
    if func is None or getattr(getattr(func, "func", None), "__name__", "") == "check_array":
        return x
    frame = hasattr(step, "feature_names_in_") and not step.validate
    # The names of the step's input, which a previous step may have created.
    given = x.named(step.feature_names_in_) if frame and len(step.feature_names_in_) == x.width else x
    try:
        traced = trace(func, given, step.kw_args or {}, frame=frame)
    except PackError:
        # One column of strings may be a list, an array or a series; the methods used show which.
        if frame or [block.is_text for block in x.blocks] != [True] or x.width != 1:
            raise
        traced = trace_series(func, x, step.kw_args or {})
    result = _laid_out(step, traced, x, frame=frame)
    return _held(step, x, result) if x.sparse else result


def _laid_out(step: Any, traced: Table, x: Table, *, frame: bool) -> Table:
    if frame or any(block.is_text or block.time for block in traced.blocks):
        return traced
    return named(step, traced.numbers(), x)


def _held(step: Any, x: Table, traced: Table) -> Table:
    """Mark the output for a sparse matrix as sparse or dense; found by a call, since the trace lacks `toarray`."""
    # With an explicit zero among the cells, which a function may keep or drop.
    given = sparse.csr_matrix(np.ones((2, x.width)))
    given.data[-1] = 0.0
    try:
        with no_warnings(), np.errstate(all="ignore"):
            made = step.transform(given.copy())
    except Exception:  # a user's function can raise any exception; the proof decides
        return traced.stored(sparse=True)
    if not sparse.issparse(made):
        return traced
    same = made.shape == given.shape and made.nnz == given.nnz and traced.width == x.width
    return same_cells(step, x, traced) if same else traced.stored(sparse=True)
