"""Parse a booster's JSON (XGBoost's documentation, "Introduction to Model IO"), into trees and numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.graph import trees
from sealift.graph.step import refuse

_Singles = npt.NDArray[np.float32]

# Objectives by how `base_score` becomes a margin and a margin becomes the answer (`src/objective/*.cu`).
_LINKS = {
    "binary:logistic": "logistic",
    "reg:logistic": "logistic",
    "count:poisson": "exp",
    "reg:gamma": "exp",
    "reg:tweedie": "exp",
    "survival:aft": "exp",
    "survival:cox": "exp",
    "binary:hinge": "hinge",
    "multi:softmax": "softmax",
    "multi:softprob": "softmax",
}
_IDENTITY = {
    "binary:logitraw",
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
    "reg:absoluteerror",
    "reg:linear",
    "reg:pseudohubererror",
    "reg:quantileerror",
    "reg:squarederror",
    "reg:squaredlogerror",
}

MISSING = -2.0
"""The code of a missing category."""


@dataclass(frozen=True)
class XGBoostBooster:
    """A booster, as read from its model file.

    Attributes:
        objective: its name.
        link: identity, logistic, exp, hinge or softmax.
        base: (targets,) the margin before the first tree.
        trees: in the order in which their leaves are added; leaves are already weighted.
        weights: (features, targets) of a linear booster, else None.
        bias: (targets,) of a linear booster.
        types: the type of each feature, `c` for a category; empty when none is stated.
        categories: the categories of each feature, in the order of their numbers; empty for the ones without.
    """

    objective: str
    link: str
    base: _Singles
    trees: list[trees.Tree]
    weights: _Singles | None
    bias: _Singles
    types: list[str]
    categories: list[list[Any]]

    @property
    def categorical(self) -> set[int]:
        """The features that hold categories."""
        split = {int(tree.feature[node]) for tree in self.trees for node in tree.members}
        return split | {i for i, kind in enumerate(self.types) if kind == "c"}

    @property
    def targets(self) -> int:
        """The number of margins."""
        return len(self.base)


def parse(booster: Any, iterations: int | None, *, inplace: bool) -> XGBoostBooster:
    """Read an `xgboost.Booster`.

    Args:
        booster: the booster.
        iterations: how many rounds are used, None for all.
        inplace: whether the original answers through `inplace_predict`, which before 3.4 rounds once more for dart.

    Raises:
        PackError: E302 for an objective or booster that is not known.
    """
    learner = json.loads(booster.save_raw("json"))["learner"]
    objective = learner["objective"]["name"]
    link = "identity" if objective in _IDENTITY else _LINKS.get(objective)
    if link is None:
        raise refuse(f"Its objective {objective!r} is not known.", "Train it with one of XGBoost's own objectives.")
    numbers = learner["learner_model_param"]
    count = max(1, int(numbers["num_class"]), int(numbers.get("num_target", 1)))
    base = np.array(json.loads(numbers["base_score"]), dtype=np.float32).reshape(-1)
    base = np.broadcast_to(_margin(base, link), count).astype(np.float32)
    gradient = learner["gradient_booster"]
    kind = gradient["name"]
    types = learner.get("feature_types") or []
    if kind == "gblinear":
        weights = np.array(gradient["model"]["weights"], dtype=np.float32).reshape(-1, count)
        # The library adds the first class's base score to every class.
        return XGBoostBooster(objective, link, np.full(count, base[0]), [], weights[:-1], weights[-1], types, [])
    model = gradient.get("gbtree", gradient)["model"]
    # The weights of the trees are stored separately: for dart, and since 3.4 for any booster of trees.
    rounded = inplace and "weight_drop" in gradient
    drop = gradient.get("weight_drop") or model.get("weight_drop")
    used = len(model["trees"]) if iterations is None else int(model["iteration_indptr"][iterations])
    members: list[trees.Tree] = []
    for i, (tree, group) in enumerate(zip(model["trees"][:used], model["tree_info"], strict=False)):
        added = _leaves(tree)
        if drop:
            added = ((base[group] + added) - base[group] if rounded else added) * np.float32(drop[i])
        members += _trees(tree, int(group), added)
    known = _kept(model)
    return XGBoostBooster(objective, link, base, members, None, np.zeros(count, np.float32), types, known)


def rounds_used(booster: Any, *, linear: bool) -> int | None:
    """The rounds up to the best one where the booster knows it and has more; else None for all.

    R's package and Python's both count it from 0. A slice of a booster keeps the number, though it may lack the round.
    """
    best = booster.attr("best_iteration")
    if best is None or linear:
        return None
    used = int(best) + 1
    return used if used < booster.num_boosted_rounds() else None


def categories(booster: Any) -> list[list[Any]]:
    """The categories of each feature that the booster keeps, in the order of their numbers; none for a number."""
    gradient = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    return _kept(gradient.get("gbtree", gradient).get("model", {}))


def _kept(model: Any) -> list[list[Any]]:
    return [_categories(encoder) for encoder in model.get("cats", {}).get("enc", [])]


def _margin(score: _Singles, link: str) -> _Singles:
    one = np.float32(1)
    if link == "logistic":
        # The quotient in float32, as the library has it; its logarithm is nearly always the rounded exact one.
        return -np.log((one / score - one).astype(np.float64)).astype(np.float32)
    return np.log(score.astype(np.float64)).astype(np.float32) if link == "exp" else score


def _leaves(tree: Any) -> _Singles:
    """What each node adds (n, k), k > 1 when leaves hold several numbers."""
    width = int(tree["tree_param"]["size_leaf_vector"])
    if width <= 1:
        return np.array(tree["split_conditions"], dtype=np.float32)[:, None]
    if "leaf_weights" not in tree:  # before 3.2 every node had its vector
        return np.array(tree["base_weights"], dtype=np.float32).reshape(-1, width)
    vectors = np.array(tree["leaf_weights"], dtype=np.float32).reshape(-1, width)
    return vectors[np.where(np.array(tree["left_children"]) < 0, tree["right_children"], 0)]


def _trees(tree: Any, group: int, added: _Singles) -> list[trees.Tree]:
    """One tree, or one for each target when its leaves hold several numbers."""
    left = np.array(tree["left_children"], dtype=np.int64)
    right = np.array(tree["right_children"], dtype=np.int64)
    inner = left >= 0
    splits = np.array(tree["split_conditions"], dtype=np.float32)
    default_left = inner & (np.array(tree["default_left"]) != 0)
    mode = np.full(len(left), trees.LT, dtype=np.uint8)
    yes, no, nan_true = left.copy(), right.copy(), default_left.copy()
    members: dict[int, npt.NDArray[np.float64]] = {}
    listed = np.array(tree["categories"], dtype=np.float64)
    sets = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True)
    for node, start, size in sets:
        # A category in the set goes right; everything else, impossible numbers included, goes left.
        mode[node] = trees.MEMBER
        missing = [] if default_left[node] else [MISSING]
        members[int(node)] = np.array([*listed[start : start + size], *missing])
        yes[node], no[node], nan_true[node] = right[node], left[node], False
    return [
        trees.Tree(
            feature=np.where(inner, np.array(tree["split_indices"], dtype=np.int64), -1),
            split=np.where(inner & (mode == trees.LT), splits, 0.0).astype(np.float64),
            true_child=yes,
            false_child=no,
            nan_true=nan_true,
            leaf=added[:, k].astype(np.float64),
            target=group if added.shape[1] == 1 else k,
            mode=mode,
            members=members,
        )
        for k in range(added.shape[1])
    ]


def _categories(encoder: Any) -> list[Any]:
    values = encoder["values"]
    offsets = encoder.get("offsets")
    if offsets is None:
        return list(values)
    if min(values, default=0) < 0:
        # Their offsets count characters where they should count bytes, so that names are cut (seen up to 3.2).
        raise refuse(
            "XGBoost keeps category names outside ASCII damaged.",
            "Name the categories in plain ASCII letters, or encode them before this step.",
        )
    text = bytes(values).decode()
    return [text[a:b] for a, b in pairwise(offsets)]
