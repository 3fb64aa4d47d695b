"""Raw formula values: the columns that the trees compare, then their sum."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any

import numpy as np

from sealift.frameworks.boosting import seen
from sealift.frameworks.catboost.ctr import Places, columns, unhashed
from sealift.frameworks.catboost.model_json import CatBoostModel, parse, to_tree
from sealift.graph import trees
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.categories import codes
from sealift.graph.step import refuse
from sealift.graph.table import Table


def raw(model: Any, x: Table) -> Tensor:
    """The raw values (N, targets)."""
    for kind, listed in (
        ("text", model.get_text_feature_indices()),
        ("embedding", model.get_embedding_feature_indices()),
    ):
        if listed:
            raise refuse(f"It has {kind} features.", f"Turn the {kind} columns into numbers before this step.")
    x = _ordered(model, x)
    cats = model.get_cat_feature_indices()
    known = {column: _values(x, column) for column in cats}
    parsed = parse(model, [[_name(value) for value in known[column]] for column in cats])
    if not cats:
        return _sum(parsed, x.numbers().cast("float32"), _Comparisons(parsed, {}, x.width))
    hashes: dict[int, list[int]] = {}
    coded: dict[int, Tensor] = {}
    parts: list[Tensor] = []
    for column in range(x.width):
        one = x.select([column])
        if column not in known:
            parts.append(one.numbers().cast("float32"))
            continue
        feature = parsed.categories.index(column)
        used = _used(parsed, feature)
        kept = [value for value in known[column] if used is None or parsed.hashes[_name(value)] in used]
        hashes[feature] = [parsed.hashes[_name(value)] for value in kept]
        index = codes(one, [kept])
        code = where(index < 0, np.array(len(kept)), index)
        coded[feature] = code.vector()
        parts.append(code.cast("float32"))
    base = concat(parts)
    comparisons = _Comparisons(parsed, hashes, x.width)
    comparisons.check()
    if parsed.ctrs:
        statistics = columns(parsed.ctrs, Places(coded, hashes, lambda element: comparisons.bit(base, element)))
        base = concat([base, statistics])
    return _sum(parsed, base, comparisons)


def _ordered(model: Any, x: Table) -> Table:
    """The columns in the model's order; the library finds them by name, if it has names."""
    names, given = list(model.feature_names_), list(x.names)
    if names == given[: len(names)] or not set(names) <= set(given):
        return x
    return x.select([given.index(name) for name in names])


def _sum(parsed: CatBoostModel, base: Tensor, comparisons: _Comparisons) -> Tensor:
    x = base.cast("float64")
    targets = len(parsed.bias)
    converted = [to_tree(tree, comparisons) for tree in parsed.trees]
    if targets == 1:
        total = trees.total(x, converted)
    else:
        # One tree for each target, added in the library's order.
        copies = [replace(tree, leaf=tree.leaf[:, k], target=k) for tree in converted for k in range(targets)]
        total = trees.total(x, copies, targets)
    return total * parsed.scale + parsed.bias[None, :]


class _Comparisons:
    """The comparisons of the file's splits, as comparisons of columns."""

    def __init__(self, parsed: CatBoostModel, hashes: dict[int, list[int]], width: int) -> None:
        self._parsed, self._hashes, self._width = parsed, hashes, width
        self._owner = parsed.ctr_of_split

    def __call__(self, split: dict[str, Any]) -> tuple[int, float, Any, bool]:
        """Column, threshold, members or None, and whether a missing value takes the true branch."""
        match split["split_type"]:
            case "FloatFeature":
                column, missing = self._parsed.floats[split["float_feature_index"]]
                return column, float(np.float32(split["border"])), None, missing == "AsTrue"
            case "OneHotFeature":
                feature = split["cat_feature_index"]
                return self._parsed.categories[feature], 0.0, self._equal(feature, split["value"]), False
            case "OnlineCtr":
                column = self._width + self._owner[split["split_index"]]
                return column, float(np.float32(split["border"])), None, False
            case kind:
                raise refuse(f"It has splits of the kind {kind}.", "Train it on numbers and categories only.")

    def bit(self, base: Tensor, element: dict[str, Any]) -> Tensor:
        """The comparison (N,) that is part of a combination."""
        if element["combination_element"] == "float_feature":
            column, missing = self._parsed.floats[element["float_feature_index"]]
            value = base.column(column)
            above = value > float(np.float32(element["border"]))
            return above | value.isnan() if missing == "AsTrue" else above
        feature = element["cat_feature_index"]
        code = base.column(self._parsed.categories[feature])
        return reduce(or_, (code.equals(float(c)) for c in self._equal(feature, element["value"])))

    def check(self) -> None:
        """Raise PackError E302 when the name of a category, whose hash is in the model, is not known."""
        asked = [
            (s["cat_feature_index"], s["value"])
            for tree in self._parsed.trees
            for s in _splits(tree)
            if s["split_type"] == "OneHotFeature"
        ]
        for ctr in self._parsed.ctrs:
            asked += [(e["cat_feature_index"], e["value"]) for e in ctr.elements if "value" in e]
        lost = {pair for pair in asked if pair[1] not in self._hashes[pair[0]]}
        if lost:
            raise refuse(
                f"The model keeps only hashes of its categories, and {len(lost)} of them belong to no value in X.",
                "Give rows that hold every category of the training data, such as the training rows themselves; or "
                "encode the categories before this step.",
            )

    def _equal(self, feature: int, value: int) -> Any:
        return np.flatnonzero(np.array(self._hashes[feature], dtype=np.int64) == value).astype(np.float64)


def _splits(tree: Any) -> list[Any]:
    if "splits" in tree:
        return list(tree["splits"] or ())
    if "split" not in tree:
        return []
    return [tree["split"], *_splits(tree["left"]), *_splits(tree["right"])]


def _values(x: Table, column: int) -> list[Any]:
    """The distinct values of a category column that the caller's rows show."""
    (block,) = x.select([column]).each()
    return [value for value in seen(block) if block.is_text or float(value).is_integer()]


def _name(value: Any) -> str:
    """The name of a category, as in the library."""
    return value if isinstance(value, str) else str(int(value))


def _used(parsed: CatBoostModel, feature: int) -> set[int] | None:
    """The hashes of a feature that the model contains, or None where they occur only in combinations."""
    splits = [s for tree in parsed.trees for s in _splits(tree)]
    elements = [e for ctr in parsed.ctrs for e in ctr.elements]
    used = {e["value"] for e in [*splits, *elements] if e.get("cat_feature_index") == feature and "value" in e}
    combined = any(e.get("cat_feature_index") == feature and "value" not in e for e in elements)
    single = [c for c in parsed.ctrs if len(c.elements) == 1 and c.elements[0]["cat_feature_index"] == feature]
    if combined and not single:
        return None
    for ctr in single:
        used |= unhashed(ctr)
    return used
