"""Raw scores: the table in the form that LightGBM uses, the trees' sums, and the linear models in leaves."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from sealift.frameworks.boosting import numbered, sequential_sum, whole
from sealift.frameworks.lightgbm.model_text import TINY, LightGBMBooster, Linear
from sealift.graph import trees
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.step import refuse
from sealift.graph.table import Table


def matrix(x: Table, parsed: LightGBMBooster) -> Tensor:
    """The columns as float64 (N, width), a data frame's categories as their numbers."""
    texts = [i for i, column in enumerate(x.each()) if column.is_text]
    known = parsed.categories or []
    columns = parsed.categorical(texts)
    if columns is None:
        raise refuse(
            f"The model keeps the categories of {len(known)} columns, but does not show which columns these are.",
            "Train and pack it with a data frame whose categorical columns all have the type category.",
        )
    if not columns:
        return x.numbers().cast("float64")
    place = {column: i for i, column in enumerate(columns)}
    one = [x.select([i]) for i in range(x.width)]
    return concat(
        numbered(column, [known[place[i]]]) if i in place else column.numbers().cast("float64")
        for i, column in enumerate(one)
    )


def raw(parsed: LightGBMBooster, x: Tensor) -> Tensor:
    """The raw scores (N, targets)."""
    x, members = _compared(parsed, x)
    if any(linear is not None for linear in parsed.linear):
        total = _linear_total(parsed, x, members)
    else:
        total = trees.total(x, members, parsed.targets)
    return total / float(parsed.iterations) if parsed.average else total


def _compared(parsed: LightGBMBooster, x: Tensor) -> tuple[Tensor, list[trees.Tree]]:
    """The columns that the trees compare, more than there are where a column is compared in two ways."""
    width = x.width
    members = parsed.trees
    extra = []
    if any(zeros.any() for zeros in parsed.zeros):
        extra.append(where(x.abs() <= TINY, np.nan, x))
        members = [
            replace(tree, feature=np.where(zeros, tree.feature + width, tree.feature))
            for tree, zeros in zip(members, parsed.zeros, strict=True)
        ]
    if any(tree.members for tree in members):
        shift = width * (1 + len(extra))
        extra.append(whole(x))
        members = [
            replace(tree, feature=np.where(tree.mode == trees.MEMBER, tree.feature + shift, tree.feature))
            for tree in members
        ]
    return (concat([x, *extra]) if extra else x), members


def _linear_total(parsed: LightGBMBooster, x: Tensor, members: list[trees.Tree]) -> Tensor:
    """Each row's leaf in each tree, then that leaf's linear model; its plain value where an input is missing."""
    width = max((linear.features.shape[1] for linear in parsed.linear if linear is not None), default=0)
    models = [_widened(tree, linear, width) for tree, linear in zip(members, parsed.linear, strict=True)]
    start = np.cumsum([0, *(len(tree.leaf) for tree in members)])
    numbers = [np.arange(a, b, dtype=np.float64) for a, b in pairwise(start)]
    spread = [replace(tree, leaf=leaf, target=i) for i, (tree, leaf) in enumerate(zip(members, numbers, strict=True))]
    reached = trees.total(x, spread, len(members)).cast("int64")
    added = reached.take_from(np.concatenate([model.constant for model in models]))
    features = np.concatenate([model.features for model in models])
    coefficients = np.concatenate([model.coefficients for model in models])
    # Feature −1 reads a column of zeros.
    padded = concat([x, where(x.columns([0]).isnan(), 0.0, x.columns([0])) * 0.0])
    missing = None
    for k in range(width):
        chosen = np.where(features[:, k] < 0, x.width, features[:, k])
        value = padded.op("GatherElements", reached.take_from(chosen), shape=reached.shape, axis=1)
        gone = value.isnan()
        missing = gone if missing is None else missing | gone
        added = added + value * reached.take_from(coefficients[:, k])
    if missing is not None:
        added = where(missing, reached.take_from(np.concatenate([tree.leaf for tree in members])), added)
    sums = [sequential_sum(added.columns(range(k, len(members), parsed.targets))) for k in range(parsed.targets)]
    return concat(sums)


def _widened(tree: trees.Tree, linear: Linear | None, width: int) -> Linear:
    if linear is None:
        linear = Linear(tree.leaf, np.zeros((len(tree.leaf), 0), np.int64), np.zeros((len(tree.leaf), 0)))
    gap = ((0, 0), (0, width - linear.features.shape[1]))
    return Linear(
        linear.constant,
        np.pad(linear.features, gap, constant_values=-1),
        np.pad(linear.coefficients, gap),
    )
