"""Histogram gradient boosting, with missing values and categories (`_hist_gradient_boosting/_predictor.pyx`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble

from sealift.frameworks.registry import converter, transform
from sealift.graph import trees
from sealift.graph.builder import Tensor
from sealift.graph.classify import by_logistic, softmax
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def _raw(step: Any, x: Table) -> Tensor:
    if step._preprocessor is not None:
        x = transform(step._preprocessor, x, "categorical features")
    known: dict[int, Any] = {}
    if step.is_categorical_ is not None:
        bitsets, places = step._bin_mapper.make_known_categories_bitsets()
        columns = np.flatnonzero(step._is_categorical_remapped)
        known = {int(column): _members(bitsets[places[column]]) for column in columns}
    start = np.asarray(step._baseline_prediction).reshape(-1)
    targets = len(start)
    members = [trees.constant(float(start[k]), k) for k in range(targets)]
    for stage in step._predictors:
        members += [_tree(predictor, known, k) for k, predictor in enumerate(stage)]
    return trees.total(x.numbers().cast("float64"), members, targets)


def _tree(predictor: Any, known: dict[int, Any], target: int) -> trees.Tree:
    nodes = predictor.nodes
    inner = nodes["is_leaf"] == 0
    yes, no = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    nan_true = inner & (nodes["missing_go_to_left"] != 0)
    mode = np.full(len(nodes), trees.LEQ, dtype=np.uint8)
    members: dict[int, Any] = {}
    for node in np.flatnonzero(inner & (nodes["is_categorical"] != 0)).tolist():
        mode[node] = trees.MEMBER
        left = _members(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
        if nan_true[node]:
            # Missing and unknown values also go left, so the comparison is whether the value goes right.
            members[node] = np.setdiff1d(known[int(nodes["feature_idx"][node])], left)
            yes[node], no[node] = no[node], yes[node]
            nan_true[node] = False
        else:
            members[node] = left
    return trees.Tree(
        feature=np.where(inner, nodes["feature_idx"].astype(np.int64), -1),
        split=np.where(inner & (mode == trees.LEQ), nodes["num_threshold"], 0.0),
        true_child=yes,
        false_child=no,
        nan_true=nan_true,
        leaf=np.asarray(nodes["value"], dtype=np.float64),
        target=target,
        mode=mode,
        members=members,
    )


def _members(bitset: Any) -> Any:
    """The category codes in a bitset of 256 bits."""
    bits = (np.asarray(bitset, dtype=np.uint32)[:, None] >> np.arange(32, dtype=np.uint32)) & 1
    return np.flatnonzero(bits.reshape(-1)).astype(np.float64)


@converter(ensemble.HistGradientBoostingClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """Log loss over two or more classes."""
    raw = _raw(step, x)
    if raw.width > 1:
        return StepOutput(class_index=raw.argmax(), classes=step.classes_, probability=softmax(raw), score=raw)
    return by_logistic(step.classes_, raw.vector())


@converter(ensemble.HistGradientBoostingRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """The raw value through the loss's inverse link."""
    raw = _raw(step, x).vector()
    link = type(step._loss.link).__name__
    if link == "IdentityLink":
        return StepOutput(value=raw)
    if link == "LogLink":
        return StepOutput(value=raw.exp())
    raise refuse(f"The loss {step.loss!r} has the link {link}.", "Use another loss.")
