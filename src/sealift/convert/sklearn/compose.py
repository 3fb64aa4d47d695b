"""Pipelines, column transformers and unions: who gets which columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import compose, pipeline, preprocessing

from sealift.convert.registry import Answer, apply, converter, refuse, transform
from sealift.convert.table import Table


@converter(pipeline.Pipeline)
def pipe(step: Any, x: Table) -> Answer:
    """Each step on what the one before gave; the last one answers."""
    *before, (last_name, last) = [(name, s) for name, s in step.steps if s is not None and s != "passthrough"] or [
        ("", "passthrough")
    ]
    for name, member in before:
        x = transform(member, x, name)
    return Answer(features=x) if isinstance(last, str) else apply(last, x, last_name)


@converter(compose.ColumnTransformer)
def columns(step: Any, x: Table) -> Table:
    """Each transformer on its columns, side by side in the order of `transformers_`."""
    parts: list[Table] = []
    for name, member, _ in step.transformers_:
        indices = step._transformer_to_input_indices.get(name, [])
        if len(indices) == 0 or (isinstance(member, str) and member == "drop"):
            continue
        chosen = x.select(indices)
        parts.append(chosen if isinstance(member, str) else transform(member, chosen, name))
    if not parts:
        raise refuse("It keeps no column.", "Let at least one transformer give columns.")
    joined = Table.join(parts)
    try:
        names = step.get_feature_names_out()
    except (AttributeError, ValueError):  # a member that does not name its columns
        return joined
    return joined.named(names) if len(names) == joined.width else joined


@converter(pipeline.FeatureUnion)
def union(step: Any, x: Table) -> Table:
    """Each transformer on all columns, side by side, times its weight."""
    weights = step.transformer_weights or {}
    parts: list[Table] = []
    for name, member in step.transformer_list:
        if isinstance(member, str) and member == "drop":
            continue
        part = x if isinstance(member, str) else transform(member, x, name)
        if weights.get(name) is not None:
            part = Table.of(part.numbers() * float(weights[name]), part.names)
        parts.append(part)
    return Table.join(parts)


@converter(preprocessing.FunctionTransformer)
def function(step: Any, x: Table) -> Table:
    """The identity, and the checks that leave values alone."""
    if step.func is None or getattr(getattr(step.func, "func", None), "__name__", "") == "check_array":
        return x
    if isinstance(step.func, np.ufunc) and step.func.__name__ in _UFUNCS and not step.kw_args:
        return Table.of(x.numbers().op(_UFUNCS[step.func.__name__]), x.names)
    raise refuse(
        f"It calls the function {getattr(step.func, '__name__', step.func)!r:.60}.",
        "Use a transformer of scikit-learn that does the same.",
    )


_UFUNCS = {"log": "Log", "exp": "Exp", "sqrt": "Sqrt", "absolute": "Abs", "negative": "Neg"}
