"""All cases, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator

from bench.fidelity import (
    boosters_inside,
    catboost_models,
    estimators,
    functions,
    lightgbm_models,
    pipelines,
    texts,
    xgboost_models,
)
from bench.fidelity.case import Case


def catalogue() -> Iterator[Case]:
    """All cases. Two of them with one key would be taken for each other on the page, so that is an error."""
    seen = set()
    for case in _all():
        if case.key in seen:
            raise AssertionError(f"two cases are called {case.key}")
        seen.add(case.key)
        yield case


def _all() -> Iterator[Case]:
    yield from estimators.estimators()
    for library in (xgboost_models, lightgbm_models, catboost_models, functions, pipelines, boosters_inside, texts):
        yield from library.cases()
