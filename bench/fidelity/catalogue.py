"""All cases, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator

from bench.fidelity import (
    boosters_inside,
    catboost_models,
    dates,
    estimators,
    functions,
    lightgbm_models,
    pipelines,
    reported,
    sparse_inputs,
    strings,
    texts,
    xgboost_models,
)
from bench.fidelity.case import Case
from bench.fidelity.page import SIGNS


def catalogue() -> Iterator[Case]:
    """All cases.

    Raises:
        AssertionError: for two cases with the same key, or a name with a character that the page's tables use.
    """
    seen = set()
    for case in _all():
        if case.key in seen:
            raise AssertionError(f"two cases are called {case.key}")
        if any(sign in part for part in case.key for sign in SIGNS):
            raise AssertionError(f"{case.key} contains a character that the page's tables use")
        seen.add(case.key)
        yield case


def _all() -> Iterator[Case]:
    for library in (estimators, xgboost_models, lightgbm_models, catboost_models, functions):
        yield from library.cases()
    for inside in (pipelines, boosters_inside, texts, dates, sparse_inputs, reported, strings):
        yield from inside.cases()
    yield from functions.inside()
