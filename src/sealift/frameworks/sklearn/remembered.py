"""The columns that a fitted estimator was trained on: names, number, and which of them contained strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sealift.frameworks.base import forgotten


def remembered(model: Any) -> list[tuple[str, Sequence[str]]]:
    """The columns, with some strings for those of strings. Raises PackError E305 if no estimator stores them."""
    members = list(walk(model))
    names = _names(members)
    texts = {name: value for member in members for name, value in _texts(member)}
    return [(name, texts.get(name, ())) for name in names]


def walk(model: Any) -> Iterator[Any]:
    """The estimator and all inner estimators, each once; fitted ones if they exist."""
    waiting, seen = [model], set()
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, list | tuple | np.ndarray):
            waiting += list(item)[:200] if not isinstance(item, np.ndarray) or item.dtype.kind == "O" else []
        elif isinstance(item, dict):
            waiting += list(item.values())
        elif hasattr(item, "get_params") and not isinstance(item, type) and id(item) not in seen:
            seen.add(id(item))
            yield item
            waiting += [value for value in vars(item).values() if value is not None]


def _names(members: list[Any]) -> list[str]:
    for member in members:
        names = getattr(member, "feature_names_in_", None)
        if names is not None:
            return [str(name) for name in names]
        if hasattr(member, "feature_names_") and hasattr(member, "separator"):  # DictVectorizer
            return list(dict.fromkeys(str(name).split(member.separator)[0] for name in member.feature_names_))
        width = _width(member)
        if width:
            return [f"x{i}" for i in range(width)]
        if hasattr(member, "build_analyzer"):
            return ["text"]
    raise forgotten()


def _width(member: Any) -> int:
    try:
        return int(getattr(member, "n_features_in_", 0))
    except (AttributeError, TypeError, ValueError):  # a property that depends on a step which was never fitted
        return 0


def _texts(member: Any) -> Iterator[tuple[str, list[Any]]]:
    """The columns in which a step was fitted on strings, with some of these."""
    names = getattr(member, "feature_names_in_", None)
    width = _width(member)
    labels = [str(n) for n in names] if names is not None else [f"x{i}" for i in range(width)]
    known = getattr(member, "categories_", None)
    if isinstance(known, list) and len(known) == len(labels):
        for label, column in zip(labels, known, strict=True):
            values = [value for value in column if isinstance(value, str)]
            if values:
                yield label, values
    filled = getattr(member, "statistics_", None)
    if isinstance(filled, np.ndarray) and filled.dtype.kind == "O" and len(filled) == len(labels):
        for label, value in zip(labels, filled, strict=True):
            if isinstance(value, str):
                yield label, [value]
    if hasattr(member, "feature_names_") and hasattr(member, "separator"):
        for name in map(str, member.feature_names_):
            key, separator, value = name.partition(member.separator)
            if separator:
                yield key, [value]
    if hasattr(member, "build_analyzer"):
        yield "text", ["a text", "another text"]
    for _, transformer, columns in getattr(member, "transformers_", ()):
        first = transformer.steps[0][1] if hasattr(transformer, "steps") else transformer
        if hasattr(first, "build_analyzer") and isinstance(columns, str):
            yield columns, ["a text", "another text"]
