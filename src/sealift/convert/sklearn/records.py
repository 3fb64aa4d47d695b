"""`DictVectorizer` (`feature_extraction/_dict_vectorizer.py`): rows as dictionaries, whose keys are the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import feature_extraction

from sealift.convert.categories import codes, indicators
from sealift.convert.graph import Tensor, concat, where
from sealift.convert.registry import converter, refuse
from sealift.convert.table import Table


@converter(feature_extraction.DictVectorizer)
def vectorizer(step: Any, x: Table) -> Table:
    """Numbers as they are, and a column for each text of a key; 0 where the key is absent or the text is new."""
    names = list(step.feature_names_)
    dtype = "float32" if np.dtype(step.dtype) == np.float32 else "float64"
    parts: list[Tensor] = []
    order: list[str] = []
    for block in x.blocks:
        if not block.is_text:
            kept = [i for i, name in enumerate(block.names) if name in step.vocabulary_]
            if not kept:
                continue
            values = block.values.columns(kept).cast("float64")
            parts.append(where(values.isnan(), 0.0, values))
            order += [block.names[i] for i in kept]
            continue
        starts = [f"{name}{step.separator}" for name in block.names]
        texts = [[name[len(start) :] for name in names if name.startswith(start)] for start in starts]
        table = Table((block,), x.graph)
        parts.append(indicators(codes(table, texts), [range(len(column)) for column in texts]))
        order += [start + text for start, column in zip(starts, texts, strict=True) for text in column]
    if not parts:
        raise refuse("None of its keys is an input.", "Give the rows as dictionaries with the keys it was fitted on.")
    absent = [name for name in names if name not in order]
    if absent:
        parts.append(concat([parts[0].columns([0]) * 0.0] * len(absent)))
        order += absent
    place = {name: i for i, name in enumerate(order)}
    return Table.of(concat(parts).columns([place[name] for name in names]).cast(dtype), names)
