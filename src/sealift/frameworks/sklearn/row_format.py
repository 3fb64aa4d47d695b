"""The row format that an estimator takes: a table, or strings or dicts if the first step is a vectorizer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

from sealift.frameworks.base import RowFormat
from sealift.frameworks.dict_keys import Keys
from sealift.frameworks.registry import apply
from sealift.graph.context import ConversionContext
from sealift.graph.table import Table

# Attributes of meta-estimators for the estimators that get the rows; fitted ones first.
_MEMBERS = ("best_estimator_", "estimators_", "estimator_", "calibrated_classifiers_", "regressor_", "estimator")


class FirstStep(NamedTuple):
    """A step whose input is the rows: the labels of the enclosing steps, its name in the innermost one, the step."""

    outer: tuple[str, ...]
    name: str
    step: Any


def row_format(model: Any) -> RowFormat:
    """The rows that an estimator takes."""
    names = getattr(model, "feature_names_in_", None)
    columns = None if names is None else tuple(str(name) for name in names)
    steps = [first.step for first in first_steps(model)]
    of_dicts = [step for step in steps if _takes_dicts(step)]
    if of_dicts:
        return RowFormat("dicts", columns, None, _keys(of_dicts), type(of_dicts[0]).__name__)
    of_texts = [step for step in steps if hasattr(step, "build_analyzer")]
    if of_texts:
        return RowFormat("texts", columns, _width(model), step=type(of_texts[0]).__name__)
    return RowFormat("table", columns, _width(model))


def _width(model: Any) -> int | None:
    try:
        width = getattr(model, "n_features_in_", None)
    except (TypeError, ValueError):  # a property that depends on a step which was never fitted
        return None
    return width if isinstance(width, int) and width else None


def _takes_dicts(step: Any) -> bool:
    rows = getattr(_tags(step), "input_tags", None)
    # Estimators that also take tables get tables.
    return bool(getattr(rows, "dict", False)) and not getattr(rows, "two_d_array", False)


def _keys(steps: list[Any]) -> tuple[Keys, ...]:
    """The keys that the steps know; empty if one was never fitted."""
    try:
        return tuple(keys_of(step) for step in steps)
    except AttributeError:
        return ()


def keys_of(step: Any) -> Keys:
    """The keys of a fitted DictVectorizer or FeatureHasher. Raises AttributeError for one that was never fitted."""
    if hasattr(step, "alternate_sign"):
        return Keys(None, "=", {})
    places = {name: int(place) for name, place in step.vocabulary_.items()}
    split: dict[str, list[str]] = {}
    for name in sorted((name for name in places if isinstance(name, str)), key=places.__getitem__):
        at = name.find(step.separator)
        while at >= 0:
            split.setdefault(name[:at], []).append(name[at + len(step.separator) :])
            at = name.find(step.separator, at + 1)
    return Keys(places, step.separator, split)


def first_steps(model: Any, name: str = "", outer: tuple[str, ...] = ()) -> Iterator[FirstStep]:
    """The steps whose input is the rows."""
    members = _members(model)
    if not members:
        yield FirstStep(outer, name, model)
    here = f"{name} ({type(model).__name__})" if name else type(model).__name__
    for inner, member in members:
        yield from first_steps(member, inner, (*outer, here))


def check_first_steps(model: Any) -> None:
    """Raise PackError E302 if the model begins with a step whose rows no contract describes.

    Its converter raises the error with the reason. This is done before the rows are read, since they are not a table.
    """
    for outer, name, step in first_steps(model):
        if not _is_described(step):
            context = ConversionContext()
            with ExitStack() as inside:
                for part in outer:
                    inside.enter_context(context.inside(part))
                apply(step, Table((), context), name)


def _members(model: Any) -> list[tuple[str, Any]]:
    if hasattr(model, "steps"):
        return [pair for pair in model.steps if pair[1] is not None and not isinstance(pair[1], str)][:1]
    if hasattr(model, "transformer_list"):
        return [(name, step) for name, step in model.transformer_list if not isinstance(step, str)]
    for name in _MEMBERS:
        members = getattr(model, name, None)
        if isinstance(members, list):
            return [("", step) for step in members if _is_estimator(step)]
        if members is not None and _is_estimator(members):
            return [(name.removesuffix("_"), members)]
    return []


def _is_estimator(value: Any) -> bool:
    methods = ("predict", "predict_proba", "transform", "score_samples")
    return not isinstance(value, type) and any(hasattr(value, method) for method in methods)


def _is_described(step: Any) -> bool:
    """Whether a contract can describe the rows that a step takes, according to its tags."""
    tags = _tags(step)
    if tags is None or hasattr(step, "build_analyzer"):
        return True
    rows = tags.input_tags
    return bool(rows.two_d_array or rows.one_d_array or rows.dict or tags.target_tags.one_d_labels)


def _tags(step: Any) -> Any:
    """scikit-learn's tags of an estimator; None if it has none."""
    try:
        return step.__sklearn_tags__()
    except Exception:  # a user's estimator can raise any exception
        return None
