"""What a model takes for a row: columns of a table mostly, but a text or a dict where a vectorizer stands first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np

from sealift.contract import is_missing
from sealift.frameworks import Table, apply
from sealift.graph.builder import Graph
from sealift.packing.inputs.columns import plain

# Where meta-estimators keep the ones that they hand the rows on to; the fitted ones first.
_MEMBERS = ("best_estimator_", "estimators_", "estimator_", "calibrated_classifiers_", "regressor_", "estimator")


class Entrance(NamedTuple):
    """A step that is given the rows themselves: the steps it stands in, its name in the last of them, itself."""

    outer: tuple[str, ...]
    name: str
    step: Any


def entrances(model: Any, name: str = "", outer: tuple[str, ...] = ()) -> Iterator[Entrance]:
    """The steps that are given the rows themselves."""
    members = _members(model)
    if not members:
        yield Entrance(outer, name, model)
    here = f"{name} ({type(model).__name__})" if name else type(model).__name__
    for inner, member in members:
        yield from entrances(member, inner, (*outer, here))


def takes_texts(model: Any) -> bool:
    """Whether the model's rows are texts: it begins with a text vectorizer."""
    return any(hasattr(step, "build_analyzer") for _, _, step in entrances(model))


def takes_dicts(model: Any) -> bool:
    """Whether the model's rows are dicts: it begins with a `DictVectorizer` or a `FeatureHasher`."""
    return bool(dict_steps(model))


def dict_steps(model: Any) -> list[Any]:
    """The steps that are given dicts."""
    steps = [step for _, _, step in entrances(model)]
    rows = [(step, getattr(_tags(step), "input_tags", None)) for step in steps]
    # Estimators that take tables too are given tables.
    return [step for step, tags in rows if getattr(tags, "dict", False) and not getattr(tags, "two_d_array", False)]


def own_keys(model: Any) -> dict[str, Any]:
    """The keys of a model of dicts by the names that their fields have: a key need not be a text."""
    return {str(name): name for step in dict_steps(model) for name in getattr(step, "vocabulary_", ())}


def check_entrance(model: Any) -> None:
    """Raise PackError E302 where the model begins with a step whose rows no contract describes.

    Its converter says why. It is asked before the rows are looked at, which would be refused for being no table.
    """
    for outer, name, step in entrances(model):
        if not _is_described(step):
            graph = Graph()
            with ExitStack() as inside:
                for part in outer:
                    inside.enter_context(graph.inside(part))
                apply(step, Table((), graph), name)


def as_taken(model: Any, table: Any) -> Any:
    """The rows of a table file as the model takes them.

    For a model of texts, the one column of a table; for a model of dicts, a dict for each row, from which the keys
    of empty cells are absent; else the table itself.
    """
    if takes_dicts(model):
        columns = {str(name): np.asarray(table[name], dtype=object) for name in table}
        own = own_keys(model)
        keys = [own.get(name, name) for name in columns]
        return [
            {key: plain(value) for key, value in zip(keys, row, strict=True) if not is_missing(value)}
            for row in zip(*columns.values(), strict=True)
        ]
    alone = hasattr(table, "iloc") and getattr(table, "shape", ())[1:] == (1,)
    return table.iloc[:, 0] if alone and takes_texts(model) else table


def _members(model: Any) -> list[tuple[str, Any]]:
    if hasattr(model, "steps"):
        return [pair for pair in model.steps if pair[1] is not None and not isinstance(pair[1], str)][:1]
    if hasattr(model, "transformer_list"):
        return [(name, step) for name, step in model.transformer_list if not isinstance(step, str)]
    for name in _MEMBERS:
        found = getattr(model, name, None)
        if isinstance(found, list):
            return [("", step) for step in found if _is_estimator(step)]
        if found is not None and _is_estimator(found):
            return [(name.removesuffix("_"), found)]
    return []


def _is_estimator(value: Any) -> bool:
    methods = ("predict", "predict_proba", "transform", "score_samples")
    return not isinstance(value, type) and any(hasattr(value, method) for method in methods)


def _is_described(step: Any) -> bool:
    """Whether a contract can describe the rows that a step takes, as far as its tags tell."""
    tags = _tags(step)
    if tags is None or hasattr(step, "build_analyzer"):
        return True
    rows = tags.input_tags
    return bool(rows.two_d_array or rows.one_d_array or rows.dict or tags.target_tags.one_d_labels)


def _tags(step: Any) -> Any:
    """scikit-learn's tags of an estimator; None where it has none."""
    try:
        return step.__sklearn_tags__()
    except Exception:  # an estimator with ideas of its own
        return None
