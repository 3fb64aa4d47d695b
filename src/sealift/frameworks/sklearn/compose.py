"""Pipelines, column transformers and unions: select the columns of each step."""

from __future__ import annotations

from typing import Any

from sklearn import compose, pipeline

from sealift.frameworks.registry import apply, converter, transform
from sealift.frameworks.sklearn.column_names import one_dtype
from sealift.frameworks.sklearn.storage import same_cells
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


@converter(pipeline.Pipeline)
def pipe(step: Any, x: Table) -> StepOutput:
    """Each step is applied to the output of the one before; the last one gives the answer."""
    *before, (last_name, last) = [(name, s) for name, s in step.steps if s is not None and s != "passthrough"] or [
        ("", "passthrough")
    ]
    for name, member in before:
        x = transform(member, x, name)
    return StepOutput(features=x) if isinstance(last, str) else apply(last, x, last_name)


@converter(compose.ColumnTransformer)
def columns(step: Any, x: Table) -> Table:
    """Each transformer is applied to its columns; the outputs are concatenated in the order of `transformers_`."""
    parts: list[Table] = []
    kept = {
        name: (member, indices)
        for name, member, _ in step.transformers_
        if len(indices := step._transformer_to_input_indices.get(name, [])) and not _is_dropped(member)
    }
    # Without the columns that no transformer takes, which need not be computed.
    used = sorted({int(i) for _, indices in kept.values() for i in indices})
    needed = x.select(used, only=True) if len(used) < x.width else x
    place = {index: i for i, index in enumerate(used)}
    for name, (member, indices) in kept.items():
        chosen = needed.select([place[int(i)] for i in indices])
        part = chosen if isinstance(member, str) else transform(member, chosen, name)
        parts.append(_weighted(step, name, part))
    if not parts:
        raise refuse("It keeps no column.", "Let at least one transformer give columns.")
    # Determined in fit from the density of the training rows (`sparse_threshold`).
    joined = one_dtype(step, Table.join(parts)).stored(sparse=bool(step.sparse_output_))
    try:
        names = step.get_feature_names_out()
    except (AttributeError, ValueError):  # a member that does not name its columns
        return joined
    return joined.named(names) if len(names) == joined.width else joined


@converter(pipeline.FeatureUnion)
def union(step: Any, x: Table) -> Table:
    """Each transformer is applied to all columns; the outputs, times their weights, are concatenated."""
    parts: list[Table] = []
    for name, member in step.transformer_list:
        if _is_dropped(member):
            continue
        part = x if isinstance(member, str) else transform(member, x, name)
        parts.append(_weighted(step, name, part))
    if not parts:
        raise refuse("It keeps no column.", "Let at least one transformer give columns.")
    return one_dtype(step, Table.join(parts))


def _is_dropped(member: Any) -> bool:
    return isinstance(member, str) and member == "drop"


def _weighted(step: Any, name: str, part: Table) -> Table:
    weight = (step.transformer_weights or {}).get(name)
    if weight is None:
        return part
    return same_cells(step, part, part.with_values(part.numbers() * float(weight), part.names))
