"""`FunctionTransformer` (`preprocessing/_function_transformer.py`) with functions of NumPy."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import preprocessing

from sealift.convert.graph import Tensor
from sealift.convert.registry import converter, refuse
from sealift.convert.special import expm1, log1p
from sealift.convert.table import Table

_Function = Callable[[Tensor], Tensor]


def _op(kind: str) -> _Function:
    return lambda x: x.op(kind)


_FUNCTIONS: dict[str, _Function] = {
    "absolute": Tensor.abs,
    "ceil": _op("Ceil"),
    "cos": _op("Cos"),
    "cosh": lambda x: (x.exp() + (-x).exp()) / 2.0,
    "deg2rad": lambda x: x * (np.pi / 180),
    "degrees": lambda x: x * (180 / np.pi),
    "exp": Tensor.exp,
    "exp2": lambda x: x.graph.constant(np.array(2, x.dtype)) ** x,
    "expm1": expm1,
    "fabs": Tensor.abs,
    "floor": _op("Floor"),
    "isnan": lambda x: x.isnan().cast(x.dtype),
    "log": Tensor.log,
    "log10": lambda x: x.log() / float(np.log(10)),
    "log1p": log1p,
    "log2": lambda x: x.log() / float(np.log(2)),
    "negative": _op("Neg"),
    "positive": lambda x: x,
    "rad2deg": lambda x: x * (180 / np.pi),
    "radians": lambda x: x * (np.pi / 180),
    "rint": _op("Round"),
    "sign": _op("Sign"),
    "sin": _op("Sin"),
    "sqrt": Tensor.sqrt,
    "square": lambda x: x * x,
    "tan": lambda x: x.op("Sin") / x.op("Cos"),
    "tanh": _op("Tanh"),
}


@converter(preprocessing.FunctionTransformer)
def function(step: Any, x: Table) -> Table:
    """The identity, NumPy's functions of one number, and clipping."""
    func, given = step.func, step.kw_args or {}
    if func is None or getattr(getattr(func, "func", None), "__name__", "") == "check_array":
        return x
    if isinstance(func, np.ufunc) and func.__name__ in _FUNCTIONS and not given:
        return _columnwise(step, x, _FUNCTIONS[func.__name__])
    if func is np.clip and set(given) <= {"a_min", "a_max", "min", "max"}:
        low, high = given.get("a_min", given.get("min")), given.get("a_max", given.get("max"))
        if all(bound is None or np.ndim(bound) == 0 for bound in (low, high)):
            bounds = (-np.inf if low is None else float(low), np.inf if high is None else float(high))
            return _columnwise(step, x, lambda values: values.clip(*bounds))
    raise refuse(
        f"It calls {_described(func)}, which is Python code.",
        "Use scikit-learn's transformers or a NumPy function such as np.log1p, or compute the column before the model.",
    )


def _columnwise(step: Any, x: Table, change: _Function) -> Table:
    if not hasattr(step, "feature_names_in_"):
        return Table.of(change(x.numbers()), x.names)
    # A data frame keeps each column's own precision.
    blocks = (replace(block, values=change(Table((block,), x.graph).numbers())) for block in x.blocks)
    return Table(tuple(blocks), x.graph)


def _described(func: Any) -> str:
    name = getattr(func, "__name__", None) or type(func).__name__
    try:
        source, number = inspect.getsourcelines(func)
    except (OSError, TypeError):
        return f"the function {name!r:.60}"
    return f"the function {name!r:.60} (line {number}: {source[0].strip()!r:.160})"
