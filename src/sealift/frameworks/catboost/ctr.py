"""CatBoost's target statistics of categories (CTR), as tables (`catboost/libs/model/ctr_provider.h`, `model_ctr.h`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.frameworks.catboost.model_json import Ctr
from sealift.graph.builder import Tensor, stack
from sealift.graph.step import refuse

_MAGIC = np.uint64(0x4906BA494954CB65)
_MOST = 2_000_000

_Hashes = npt.NDArray[np.uint64]


class Places:
    """The index of each combination of categories and bits in a table: one integer per row, −1 if unknown.

    Args:
        codes: for each category feature the number of each row's value (N,) in `hashes`, the last of them for others.
        hashes: for each category feature the hashes of its known values.
        bit: the comparison (N,) that an element makes on a number feature.
    """

    def __init__(
        self,
        codes: Mapping[int, Tensor],
        hashes: Mapping[int, Sequence[int]],
        bit: Callable[[dict[str, Any]], Tensor],
    ) -> None:
        self._codes, self._hashes, self._bit = codes, hashes, bit
        self._places_of: dict[str, Tensor] = {}

    def column(self, ctr: Ctr) -> Tensor:
        """The computed number (N,), float32."""
        keys = list(ctr.table)
        known = {key: i for i, key in enumerate(keys)}
        values = np.array([*(_share(ctr, ctr.table[key]) for key in keys), _share(ctr, None)], dtype=np.float32)
        # Tables of several kinds stand over the same combinations.
        name = repr((ctr.elements, keys))
        if name not in self._places_of:
            self._places_of[name] = self._place(ctr, known)
        return self._places_of[name].take_from(values)

    def _place(self, ctr: Ctr, known: dict[int, int]) -> Tensor:
        sizes = [self._size(element) for element in ctr.elements]
        total = int(np.prod([float(size) for size in sizes]))
        if total > _MOST:
            raise refuse(
                f"It combines categories in {total:,} ways, more than the {_MOST:,} that a table here holds.",
                "Train it with max_ctr_complexity=1, or group rare categories before this step.",
            )
        combined: _Hashes = np.zeros(1, dtype=np.uint64)
        usable = np.ones(1, dtype=np.bool_)
        index: Tensor | None = None
        for element, size in zip(ctr.elements, sizes, strict=True):
            hashed, has_hash = self._hashed(element, size)
            with np.errstate(over="ignore"):
                combined = (_MAGIC * (combined[:, None] + _MAGIC * hashed[None, :])).reshape(-1)
            usable = (usable[:, None] & has_hash[None, :]).reshape(-1)
            code = self._code(element)
            index = code if index is None else index * size + code
        assert index is not None
        places = np.full(total, len(known), dtype=np.int32)
        for i in np.flatnonzero(usable).tolist():
            places[i] = known.get(int(combined[i]), len(known))
        missing = len(known) - len(np.unique(places[places < len(known)]))
        if missing:
            raise refuse(
                f"The model keeps only hashes of its categories, and {missing} of them belong to no value in X.",
                "Give rows that hold every category of the training data, such as the training rows themselves; or "
                "encode the categories before this step.",
            )
        return index.take_from(places).cast("int64")

    def _size(self, element: dict[str, Any]) -> int:
        kind = element["combination_element"]
        return len(self._hashes[element["cat_feature_index"]]) + 1 if kind == "cat_feature_value" else 2

    def _hashed(self, element: dict[str, Any], size: int) -> tuple[_Hashes, npt.NDArray[np.bool_]]:
        """The contribution of each code of an element to the hash, and whether the code is known."""
        if element["combination_element"] != "cat_feature_value":
            return np.arange(2, dtype=np.uint64), np.ones(2, dtype=np.bool_)
        known = np.array([*self._hashes[element["cat_feature_index"]], 0], dtype=np.int64)
        return known.astype(np.uint64), np.arange(size) < size - 1

    def _code(self, element: dict[str, Any]) -> Tensor:
        kind = element["combination_element"]
        if kind == "cat_feature_value":
            return self._codes[element["cat_feature_index"]]
        return self._bit(element).cast("int64")


def columns(ctrs: Sequence[Ctr], places: Places) -> Tensor:
    """All computed numbers (N, ctrs), float32."""
    return stack(places.column(ctr) for ctr in ctrs)


def unhashed(ctr: Ctr) -> set[int]:
    """The hashes of the values in a table over a single category feature."""
    inverse = pow(int(_MAGIC) ** 2, -1, 2**64)
    values = (key * inverse % 2**64 for key in ctr.table)
    return {value - 2**64 if value >= 2**63 else value for value in values}


def _share(ctr: Ctr, counts: list[float] | None) -> np.float32:
    """The number for a known combination, or for an unknown one."""
    good, total = 0.0, 0.0
    if ctr.kind in ("Counter", "FeatureFreq"):
        good, total = (counts[0] if counts else 0.0), ctr.denominator
    elif counts is not None:
        match ctr.kind:
            case "BinarizedTargetMeanValue" | "FloatTargetMeanValue":
                good, total = counts[0], counts[1]
            case "Buckets":
                good, total = counts[ctr.target], sum(counts)
            case "Borders":
                good, total = sum(counts[ctr.target + 1 :]), sum(counts)
            case kind:
                raise refuse(f"It computes {kind} from categories.", "Train it with simple_ctr='Borders'.")
    single = np.float32
    share = (single(good) + single(ctr.prior)) / (single(total) + single(ctr.weight))
    return (share + single(ctr.shift)) * single(ctr.scale)
