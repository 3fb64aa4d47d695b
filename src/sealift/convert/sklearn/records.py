"""`DictVectorizer` (`feature_extraction/_dict_vectorizer.py`): rows as dictionaries, whose keys are the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import feature_extraction
from sklearn.utils.validation import check_is_fitted

from sealift.convert.categories import codes, translate
from sealift.convert.graph import Tensor, concat, where
from sealift.convert.keys import Keys
from sealift.convert.registry import converter, refuse
from sealift.convert.sparse import Bag
from sealift.convert.table import Block, Table

_NOWHERE = np.array(-1)


@converter(feature_extraction.DictVectorizer)
def vectorizer(step: Any, x: Table) -> Table:
    """Numbers as they are, and a 1 in the column of each known text; nothing for an absent key or a new text.

    Where a missing value is NaN and not an absent key (`Block.null`), it is NaN in the column of the key itself.
    """
    check_is_fitted(step)
    dtype = np.dtype(step.dtype)
    if dtype.kind != "f" or dtype.itemsize < 4:
        raise refuse(f"It turns numbers into {dtype.name}, which cuts them off.", "Leave dtype at its default.")
    keys = Keys.of(step)
    assert keys.places is not None
    names = [str(name) for name in step.feature_names_]
    places = {str(name): place for name, place in keys.places.items()}
    given = Keys(places, keys.separator, keys.split)
    _check_single(given, x)
    parts = [part for block in x.blocks for part in (_texts if block.is_text else _numbers)(block, given)]
    if not parts:
        raise refuse("None of its keys is an input.", "Give the rows as dictionaries with the keys it was fitted on.")
    filled = concat(part for part, _ in parts)
    values = concat(value for _, value in parts)
    return Table.of(Bag(filled, values.cast(dtype.name), len(names)), names)


def _numbers(block: Block, keys: Keys) -> list[tuple[Tensor, Tensor]]:
    """The columns (N, k) that a block of numbers fills, and with what."""
    assert keys.places is not None
    kept = [i for i, name in enumerate(block.names) if name in keys.places]
    if not kept:
        return []
    values = block.values.columns(kept).cast("float64")
    absent = values.isnan()
    own = np.array([[keys.places[block.names[i]] for i in kept]])
    if block.null is not None:
        return [(where(absent, own, own), values)]
    return [(where(absent, _NOWHERE, own), where(absent, 0.0, values))]


def _texts(block: Block, keys: Keys) -> list[tuple[Tensor, Tensor]]:
    """The same for a block of texts."""
    assert keys.places is not None
    assert block.missing is not None
    known = [list(keys.texts(name)) for name in block.names]
    tables = [
        [*(keys.places[f"{name}{keys.separator}{text}"] for text in texts), -1]
        for name, texts in zip(block.names, known, strict=True)
    ]
    parts = []
    if any(known):
        columns = translate(codes(Table((block,), block.values.graph), known), tables)
        parts.append((columns, (columns >= 0).cast("float64")))
    bare = [i for i, name in enumerate(block.names) if name in keys.places]
    if bare and block.null is not None:
        missing = block.missing.columns(bare)
        own = np.array([[keys.places[block.names[i]] for i in bare]])
        parts.append((where(missing, own, _NOWHERE), where(missing, np.nan, 0.0)))
    return parts


def _check_single(keys: Keys, x: Table) -> None:
    """Raise PackError E302 where two inputs fill one column."""
    assert keys.places is not None
    if len(keys.places) == 0:
        raise refuse("It knows no key.", "Fit it on dictionaries that have some.")
    filled: dict[str, str] = {}
    for block in x.blocks:
        for name in block.names:
            made = [f"{name}{keys.separator}{text}" for text in keys.texts(name)] if block.is_text else [name]
            for column in made:
                if filled.setdefault(column, name) != name and column in keys.places:
                    raise refuse(
                        f"Its keys {filled[column]!r:.60} and {name!r:.60} fill one column, {column!r:.80}.",
                        "Fit it with a separator that is in no key.",
                    )
