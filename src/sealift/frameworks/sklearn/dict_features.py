"""`DictVectorizer` and `FeatureHasher` (`feature_extraction/`): rows as dictionaries, whose keys are the inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.utils.validation import check_is_fitted

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.row_format import keys_of
from sealift.frameworks.sklearn.text import field_of
from sealift.graph.builder import Tensor, where
from sealift.graph.categories import codes, translate
from sealift.graph.inputs import stage_tensors, stages_of
from sealift.graph.sparse import SparseRows
from sealift.graph.step import refuse
from sealift.graph.table import Block, Table
from sealift.stages.text import text_stage
from sealift.stages.text.murmur import column_of
from sealift.stages.text.stage import MOST_COLUMNS

# Places (N, L) and values (N, L) of a bag.
Part: TypeAlias = tuple[Tensor, Tensor]

_NOWHERE = np.array(-1)
_MOST_LAID_OUT = 1 << 14


class DuplicateSparseRows(SparseRows):
    """Sparse rows in which a column may occur several times; its values are added."""

    def with_values(self, values: Tensor) -> SparseRows:
        """The same cells with other values."""
        return DuplicateSparseRows(self.places, values, self.width)

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The columns at `indices`, in that order."""
        rows = super().columns(indices)
        return DuplicateSparseRows(rows.places, rows.values, rows.width) if isinstance(rows, SparseRows) else rows

    def _as_dense(self) -> Tensor:
        # Without a text stage, the number of rows of a run is not limited.
        if self.width > _MOST_LAID_OUT and not stages_of(self.graph):
            raise refuse(
                f"It needs all {self.width} columns of the dicts laid out, mostly zeros.",
                "Use a linear model or naive Bayes, which need not; or have the vectorizer give at most "
                f"{_MOST_LAID_OUT} columns.",
            )
        return super()._as_dense()


@converter(DictVectorizer)
def vectorizer(step: Any, x: Table) -> Table:
    """Numbers, and a 1 in the column of each known string; no cell for an absent key or an unknown string."""
    check_is_fitted(step)
    keys = keys_of(step)
    names = [str(name) for name in step.feature_names_]
    places = {str(name): place for name, place in (keys.places or {}).items()}

    def texts(block: Block) -> list[Part]:
        known = [list(keys.texts(name)) for name in block.names]
        if not any(known):
            return []
        starts = [f"{name}{keys.separator}" for name in block.names]
        tables = [[*(places[start + text] for text in column), -1] for start, column in zip(starts, known, strict=True)]
        columns = translate(codes(x.with_blocks(block), known), tables)
        return [(columns, (columns >= 0).cast("float64"))]

    return x.with_values(_cells(step, x, lambda name: (places.get(name, -1), 1), texts, len(names)), names)


@converter(FeatureHasher)
def hasher(step: Any, x: Table) -> Table:
    """Numbers in the column of their key's hash, and a 1 in the column of the hash of `key=string`, from a stage."""
    if step.input_type != "dict":
        raise refuse(
            f"Its rows are lists of names (input_type={step.input_type!r}), which no contract describes.",
            "Join the names of a row into one text and use a HashingVectorizer, or use dicts of known keys "
            "(input_type='dict').",
        )
    count = int(step.n_features)
    if count > MOST_COLUMNS:
        raise refuse(f"It makes {count} columns.", "Use at most n_features=2**20, or better 2**16.")
    signs = bool(step.alternate_sign)

    def place(name: str) -> tuple[int, int]:
        column, sign = column_of(name, count)
        return column, sign if signs else 1

    def texts(block: Block) -> list[Part]:
        return [_hashed(x, block.pick([i]), count, signs) for i in range(len(block.names))]

    return x.with_values(_cells(step, x, place, texts, count))


def _cells(
    step: Any,
    x: Table,
    place: Callable[[str], tuple[int, int]],
    texts: Callable[[Block], Sequence[Part]],
    width: int,
) -> DuplicateSparseRows:
    """The cells of numbers and strings.

    Args:
        step: the vectorizer.
        x: the keys; where a missing value is an absent key, `null` is None, else NaN.
        place: the column of the number under a key, −1 for none, and its sign.
        texts: the cells of a block of strings where they are present.
        width: the number of columns.
    """
    dtype = np.dtype(step.dtype)
    if dtype.kind != "f" or dtype.itemsize < 4:
        raise refuse(f"It turns numbers into {dtype.name}, which cuts them off.", "Leave dtype at its default.")
    parts: list[Part] = []
    for block in x.blocks:
        parts += [*texts(block), *_not_numbers(block, place)] if block.is_text else _numbers(block, place)
    if not parts:
        raise refuse("None of its keys is an input.", "Give the rows as dictionaries with the keys it was fitted on.")
    places, values = (_side_by_side(list(column)) for column in zip(*parts, strict=True))
    return DuplicateSparseRows(places, values.cast(dtype.name), width)


def _side_by_side(parts: list[Tensor]) -> Tensor:
    """Tensors (N, L) concatenated along the second axis; L need not be known."""
    first, *others = parts
    return first.op("Concat", *others, shape=(None, None), axis=1) if others else first


def _numbers(block: Block, place: Callable[[str], tuple[int, int]]) -> list[Part]:
    places = [place(name) for name in block.names]
    kept = [i for i, (column, _) in enumerate(places) if column >= 0]
    if not kept:
        return []
    own = np.array([[places[i][0] for i in kept]])
    signs = np.array([[float(places[i][1]) for i in kept]])
    values = block.values.columns(kept).cast("float64")
    absent = values.isnan()
    if (signs < 0).any():
        values = values * signs
    if block.null is not None:
        return [(where(absent, own, own), values)]
    return [(where(absent, _NOWHERE, own), where(absent, 0.0, values))]


def _not_numbers(block: Block, place: Callable[[str], tuple[int, int]]) -> list[Part]:
    """NaN in the cell of a number where a missing string is NaN."""
    kept = [i for i, name in enumerate(block.names) if place(name)[0] >= 0]
    if block.null is None or not kept:
        return []
    assert block.missing is not None
    missing = block.missing.columns(kept)
    own = np.array([[place(block.names[i])[0] for i in kept]])
    return [(where(missing, own, _NOWHERE), where(missing, np.array(np.nan), np.array(0.0)))]


def _hashed(x: Table, block: Block, columns: int, signs: bool) -> Part:
    """The hashes of `key=string` from a stage, for one column of strings; no cell where it is missing."""
    assert block.missing is not None
    spec = {"analyzer": "whole", "prefix": f"{block.names[0]}=", "ngrams": [1, 1]}
    stage = text_stage(field_of(x.with_blocks(block)), {**spec, "hash": {"columns": columns, "signs": signs}})
    places, counts = stage_tensors(x.graph, stage)
    return where(block.missing, _NOWHERE, places), where(block.missing, np.array(0.0), counts)
