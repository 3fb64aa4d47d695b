"""LightGBM's model text (`src/boosting/gbdt_model_text.cpp`, `src/io/tree.cpp`), read into trees."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.graph import trees

TINY = float(np.float32(1e-35))
"""The largest magnitude that LightGBM treats as zero."""

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """The linear models in a tree's leaves, by node: constant (n,), features and coefficients (n, k), padded with
    feature −1."""

    constant: _Floats
    features: npt.NDArray[np.int64]
    coefficients: _Floats


@dataclass(frozen=True)
class LightGBMBooster:
    """A booster, as read from its model file.

    Attributes:
        objective: its name, empty for a custom one.
        options: the parameters after the name, such as sigmoid: 1.
        targets: trees per iteration.
        average: whether the sum is divided by the number of iterations (random forest).
        trees: in the order in which they are added.
        linear: for each tree its leaves' linear models, or None.
        zeros: (trees) for each node whether zero counts as missing there.
        infos: the features' values as the model states them.
        categories: the categories of a data frame's categorical columns, in their order; None without a data frame.
    """

    objective: str
    options: dict[str, str]
    targets: int
    average: bool
    trees: list[trees.Tree]
    linear: list[Linear | None]
    zeros: list[npt.NDArray[np.bool_]]
    infos: list[str]
    categories: list[list[Any]] | None

    @property
    def iterations(self) -> int:
        """The number of rounds."""
        return len(self.trees) // self.targets

    def categorical(self, texts: Sequence[int]) -> list[int] | None:
        """The indices of the columns of `categories`; `texts` are the columns of strings. None if ambiguous."""
        listed = [i for i, info in enumerate(self.infos) if ":" in info and not info.startswith("[")]
        known = self.categories or []
        order = next((c for c in (list(texts), sorted({*texts, *listed})) if len(c) == len(known)), None)
        return order if order is not None and set(texts) <= set(order) else None


def parse(text: str) -> LightGBMBooster:
    """Read a model text."""
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    fields = dict(_pairs(head))
    name, *rest = fields.get("objective", "").split(" ")
    options = dict(item.partition(":")[::2] for item in rest)
    targets = int(fields["num_tree_per_iteration"])
    parts = [_tree(dict(_pairs(block)), i % targets) for i, block in enumerate(blocks)]
    listed = text.rpartition("\npandas_categorical:")[2].partition("\n")[0]
    return LightGBMBooster(
        objective="" if name == "custom" else name,
        options=options,
        targets=targets,
        average="average_output" in fields,
        trees=[tree for tree, _, _ in parts],
        linear=[linear for _, linear, _ in parts],
        zeros=[zeros for _, _, zeros in parts],
        infos=fields.get("feature_infos", "").split(" "),
        categories=json.loads(listed) if "\npandas_categorical:" in text else None,
    )


def _pairs(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        key, _, value = line.partition("=")
        yield key, value


def _tree(fields: dict[str, str], target: int) -> tuple[trees.Tree, Linear | None, npt.NDArray[np.bool_]]:
    leaves = _numbers(fields, "leaf_value")
    count = int(fields["num_leaves"])
    inner = count - 1
    if not inner:
        fields = {**fields, "split_feature": "", "threshold": "", "decision_type": ""}
    kinds = _integers(fields, "decision_type")
    categorical, missing = (kinds & 1) != 0, (kinds >> 2) & 3
    default_left = (kinds & 2) != 0
    thresholds = _snapped(_numbers(fields, "threshold"))
    # Missing none: NaN counts as 0. A category that is missing is in no set.
    nan_true = np.where(missing == 0, thresholds >= 0.0, default_left) & ~categorical
    members: dict[int, _Floats] = {}
    if categorical.any():
        bounds, words = _integers(fields, "cat_boundaries"), _integers(fields, "cat_threshold")
        for node in np.flatnonzero(categorical).tolist():
            place = int(thresholds[node])
            members[node] = _set_bits(words[bounds[place] : bounds[place + 1]])
    # Nodes first, then leaves, which the text numbers from −1 downwards.
    left, right = (_integers(fields, key) if inner else np.zeros(0, np.int64) for key in ("left_child", "right_child"))
    none = np.zeros(count, dtype=np.int64)
    mode = np.where(categorical, trees.MEMBER, trees.LEQ)
    tree = trees.Tree(
        feature=np.concatenate([_integers(fields, "split_feature"), none - 1]),
        split=np.concatenate([np.where(categorical, 0.0, thresholds), np.zeros(count)]),
        true_child=np.concatenate([np.where(left < 0, inner + ~left, left), none]),
        false_child=np.concatenate([np.where(right < 0, inner + ~right, right), none]),
        nan_true=np.concatenate([nan_true, none != 0]),
        leaf=np.concatenate([np.zeros(inner), leaves]),
        target=target,
        mode=np.concatenate([mode, none]).astype(np.uint8),
        members=members,
    )
    zeros = np.concatenate([(missing == 1) & ~categorical, none != 0])
    return tree, _linear(fields, inner) if fields.get("is_linear") == "1" else None, zeros


def _snapped(thresholds: _Floats) -> _Floats:
    """Thresholds next to zero, moved to where the library's rounding of tiny inputs to zero takes effect."""
    above = (thresholds >= 0.0) & (thresholds <= TINY)
    below = (thresholds < 0.0) & (thresholds >= -TINY)
    return np.where(above, TINY, np.where(below, np.nextafter(-TINY, -np.inf), thresholds))


def _linear(fields: dict[str, str], inner: int) -> Linear:
    counts = _integers(fields, "num_features")
    flat, weights = _integers(fields, "leaf_features"), _numbers(fields, "leaf_coeff")
    width = int(counts.max(initial=0))
    features = np.full((len(counts), width), -1, dtype=np.int64)
    coefficients = np.zeros((len(counts), width))
    held = np.arange(width)[None, :] < counts[:, None]
    features[held], coefficients[held] = flat, weights
    return Linear(
        np.concatenate([np.zeros(inner), _numbers(fields, "leaf_const")]),
        np.concatenate([np.full((inner, width), -1), features]),
        np.concatenate([np.zeros((inner, width)), coefficients]),
    )


def _set_bits(words: npt.NDArray[np.int64]) -> _Floats:
    bits = (words[:, None] >> np.arange(32)) & 1
    return np.flatnonzero(bits.reshape(-1)).astype(np.float64)


def _numbers(fields: dict[str, str], key: str) -> _Floats:
    return np.array(fields[key].split(), dtype=np.float64)


def _integers(fields: dict[str, str], key: str) -> npt.NDArray[np.int64]:
    return np.array(fields[key].split(), dtype=np.int64)
