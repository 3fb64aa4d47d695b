"""Parse a model's JSON export (`catboost/libs/model/model_export/json_model_helpers.cpp`), into trees and tables."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.graph import trees

Compare: TypeAlias = Callable[[dict[str, Any]], tuple[int, float, Any, bool]]


@dataclass(frozen=True)
class Ctr:
    """A number computed from categories: the share of a class, or a count, among the training rows that had them.

    Attributes:
        kind: Borders, Buckets, BinarizedTargetMeanValue, FloatTargetMeanValue, Counter or FeatureFreq.
        elements: what is hashed together: categories, and bits of comparisons.
        table: hash → what training counted there.
        denominator: the count that counters are divided by.
        target: which class border is counted.
        prior, weight: added to the count and to the total.
        shift, scale: applied to the share.
        borders: what trees compare it with.
    """

    kind: str
    elements: list[dict[str, Any]]
    table: dict[int, list[float]]
    denominator: float
    target: int
    prior: float
    weight: float
    shift: float
    scale: float
    borders: list[float]


@dataclass(frozen=True)
class CatBoostModel:
    """A model, as read from its exported JSON.

    Attributes:
        floats: for each number feature its column and what its missing values are taken for.
        categories: the column of each category feature.
        ctrs: the computed numbers.
        trees: the trees as the file has them, oblivious (`splits`) or not (`split`, `left`, `right`).
        first_ctr_split: the number of the first split on a computed number.
        scale, bias: applied to the sum.
        hashes: the hash of each category name that was asked for.
    """

    floats: list[tuple[int, str]]
    categories: list[int]
    ctrs: list[Ctr]
    trees: list[dict[str, Any]]
    first_ctr_split: int
    scale: float
    bias: npt.NDArray[np.float64]
    hashes: dict[str, int]

    @property
    def ctr_of_split(self) -> dict[int, int]:
        """The computed number that each numbered split compares."""
        owners = [i for i, ctr in enumerate(self.ctrs) for _ in ctr.borders]
        return {self.first_ctr_split + offset: owner for offset, owner in enumerate(owners)}


def parse(model: Any, names: Sequence[Sequence[str]]) -> CatBoostModel:
    """Read a fitted model; `names` are category names of each category feature, to be hashed."""
    exported = _exported(model, names)
    info = exported["features_info"]
    floats = info.get("float_features", [])
    categories = info.get("categorical_features", [])
    hashes = {item["value"]: _signed(item["hash"]) for item in info.get("cat_features_hash", [])}
    first = sum(len(f.get("borders") or ()) for f in floats) + sum(len(f.get("values") or ()) for f in categories)
    scale, bias = exported.get("scale_and_bias", [1.0, [0.0]])
    return CatBoostModel(
        floats=[(f["flat_feature_index"], f.get("nan_value_treatment", "AsIs")) for f in floats],
        categories=[f["flat_feature_index"] for f in categories],
        ctrs=[_ctr(ctr, exported["ctr_data"]) for ctr in info.get("ctrs", [])],
        trees=exported.get("oblivious_trees") or exported.get("trees") or [],
        first_ctr_split=first,
        scale=float(scale),
        bias=np.atleast_1d(np.array(bias, dtype=np.float64)),
        hashes=hashes,
    )


def to_tree(tree: Mapping[str, Any], compare: Compare) -> trees.Tree:
    """One tree of the file; `compare` gives a split's column, threshold, members or None, and whether NaN holds."""
    return _oblivious(tree, compare) if "splits" in tree else _grown(tree, compare)


def _exported(model: Any, names: Sequence[Sequence[str]]) -> dict[str, Any]:
    import catboost

    pool = None
    columns = model.get_cat_feature_indices()
    if columns:
        count = max(1, *(len(known) for known in names))
        rows = np.zeros((count, len(model.feature_names_)), dtype=object)
        for column, known in zip(columns, names, strict=True):
            rows[:, column] = [known[i % len(known)] if known else "" for i in range(count)]
        pool = catboost.Pool(rows, cat_features=list(columns), feature_names=list(model.feature_names_))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json", pool=pool)
        result: dict[str, Any] = json.loads(path.read_bytes())
    return result


def _ctr(ctr: Mapping[str, Any], data: Mapping[str, Any]) -> Ctr:
    held = data[ctr["identifier"]]
    flat, stride = held["hash_map"], int(held["hash_stride"])
    table = {int(flat[i]): [float(v) for v in flat[i + 1 : i + stride]] for i in range(0, len(flat), stride)}
    # The hash with all bits set marks an empty slot of the library's table.
    table.pop(2**64 - 1, None)
    return Ctr(
        kind=ctr["ctr_type"],
        elements=ctr["elements"],
        table=table,
        denominator=float(held["counter_denominator"]),
        target=int(ctr["target_border_idx"]),
        prior=float(ctr["prior_numerator"]),
        weight=float(ctr["prior_denomerator"]),
        shift=float(ctr["shift"]),
        scale=float(ctr["scale"]),
        borders=ctr["borders"] or [],
    )


def _signed(value: int) -> int:
    """A hash of 32 bits as a signed integer, as in splits and tables."""
    return value - 2**32 if value >= 2**31 else value


def _oblivious(tree: Mapping[str, Any], compare: Compare) -> trees.Tree:
    """All nodes of a level have the same comparison; the first split is the lowest bit of the leaf index."""
    splits = [compare(split) for split in reversed(tree["splits"] or ())]
    depth = len(splits)
    inner = 2**depth - 1
    level = np.repeat(np.arange(depth), 2 ** np.arange(depth))
    values = np.array(tree["leaf_values"], dtype=np.float64).reshape(2**depth, -1)
    node = np.arange(inner)
    return _assembled(
        [splits[i] for i in level],
        false_child=np.concatenate([2 * node + 1, np.zeros(2**depth, np.int64)]),
        true_child=np.concatenate([2 * node + 2, np.zeros(2**depth, np.int64)]),
        leaf=np.concatenate([np.zeros((inner, values.shape[1])), values]),
        inner=np.arange(inner + 2**depth) < inner,
    )


def _grown(tree: Mapping[str, Any], compare: Compare) -> trees.Tree:
    """The library's other trees: nodes with a left and a right branch."""
    nodes = list(_walk(tree))
    width = max(len(np.atleast_1d(node["value"])) for node in nodes if "value" in node)
    place = {id(node): i for i, node in enumerate(nodes)}
    inner = np.array(["split" in node for node in nodes])
    leaf = [np.zeros(width) if "split" in node else np.atleast_1d(node["value"]) for node in nodes]
    return _assembled(
        [compare(node["split"]) for node in nodes if "split" in node],
        false_child=np.array([place[id(node["left"])] if "split" in node else 0 for node in nodes]),
        true_child=np.array([place[id(node["right"])] if "split" in node else 0 for node in nodes]),
        leaf=np.array(leaf, dtype=np.float64),
        inner=inner,
    )


def _walk(tree: Any) -> Iterator[Any]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if "split" in node:
            waiting += [node["left"], node["right"]]


def _assembled(splits: Sequence[Any], *, false_child: Any, true_child: Any, leaf: Any, inner: Any) -> trees.Tree:
    place = np.flatnonzero(inner)
    size = len(inner)
    feature, split = np.full(size, -1, dtype=np.int64), np.zeros(size)
    nan_true, mode = np.zeros(size, dtype=np.bool_), np.full(size, trees.GT, dtype=np.uint8)
    members: dict[int, npt.NDArray[np.float64]] = {}
    for node, (column, border, equal, nan) in zip(place.tolist(), splits, strict=True):
        feature[node], nan_true[node] = column, nan
        if equal is None:
            split[node] = border
        else:
            mode[node], members[node] = trees.MEMBER, equal
    single = leaf.shape[1] == 1
    added = leaf[:, 0] if single else leaf
    return trees.Tree(feature, split, true_child, false_child, nan_true, added, mode=mode, members=members)
