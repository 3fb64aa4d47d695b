"""Every scikit-learn estimator with an inference API: by default, with other parameters, and for other targets."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes IterativeImputer appear
from sklearn.utils import all_estimators, get_tags

from bench.fidelity.case import Case, Fit
from bench.fidelity.parameters import REQUIRED, VARIANTS
from bench.fidelity.samples import SEVERAL, sample

INFERENCE = ("predict", "predict_proba", "decision_function", "transform", "score_samples")


def cases() -> Iterator[Case]:
    """All of them, kind by kind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are deprecated, and warn when they are created
        every_case = [case for name, kind in all_estimators() for case in _cases(name, kind)]
    yield from sorted(every_case, key=lambda case: _ORDER.index(case.kind))


def _cases(name: str, kind: Any) -> Iterator[Case]:
    if not any(hasattr(kind, method) for method in INFERENCE):
        return
    row = _kind(name, kind)
    for variant, parameters in [("default", {}), *VARIANTS.get(name, [])]:
        yield Case("scikit-learn", row, name, variant, _fit(name, kind, parameters))
    for variant in _targets(name, _make(name, kind, {})):
        yield Case("scikit-learn", row, name, variant, _fit(name, kind, {}, TARGETS[variant]))


def _targets(name: str, model: Any) -> Iterator[str]:
    """The other targets that the estimator supports according to its tags."""
    tags = get_tags(model)
    if is_classifier(model) and tags.target_tags.single_output:
        if tags.classifier_tags.multi_class:
            yield "two classes"
        if name != "SelfTrainingClassifier":  # it marks unknown labels by −1
            yield "named classes"
    elif is_regressor(model) and tags.target_tags.multi_output and name not in SEVERAL:
        yield "several values"


TARGETS: dict[str, Callable[[Any], Any]] = {
    "two classes": lambda y: (y > 0).astype(int),
    "named classes": lambda y: np.array(["low", "médium", "high"])[y],
    "several values": lambda y: np.column_stack([y, np.sqrt(np.abs(y))]),
}


def _kind(name: str, kind: Any) -> str:
    """The row of the table, by the base classes and tags of the class; the first that matches."""
    if _OTHERS & set(signature(kind).parameters):
        return "meta-estimators"
    if kind.__module__ == "sklearn.feature_extraction.text":
        return "text"
    names = {"OutlierMixin": "outlier detectors", "DensityMixin": "densities"}
    kinds = [text for base, text in names.items() if base in {parent.__name__ for parent in kind.__mro__}]
    kinds += [text for filtered, text in _KINDS.items() if name in _of_kind(filtered)]
    return kinds[0] if kinds else "densities"  # KernelDensity has none of these


_OTHERS = {"estimator", "estimators", "regressor", "steps", "transformers", "transformer_list"}
_KINDS = {
    "classifier": "classifiers",
    "regressor": "regressors",
    "cluster": "clusterers",
    "transformer": "transformers",
}
_ORDER = [
    *("classifiers", "regressors", "clusterers", "outlier detectors", "densities", "transformers", "text"),
    "meta-estimators",
]


@cache
def _of_kind(kind: str) -> frozenset[str]:
    return frozenset(name for name, _ in all_estimators(type_filter=kind))


def _fit(name: str, kind: Any, parameters: dict[str, Any], target: Callable[[Any], Any] = lambda y: y) -> Fit:
    def fit() -> tuple[Any, Any]:
        model = _make(name, kind, parameters)
        X, y = sample(name, model)
        return (model.fit(X) if y is None else model.fit(X, target(y))), X

    return fit


def _make(name: str, kind: Any, parameters: dict[str, Any]) -> Any:
    model = kind(**{**REQUIRED.get(name, {}), **parameters})
    known = model.get_params(deep=False)
    if "random_state" in known:
        model.set_params(random_state=0)
    if known.get("n_estimators") == 100:
        model.set_params(n_estimators=20)
    if name in _PATIENT and known["max_iter"] < 500:
        model.set_params(max_iter=1000)
    return model


_PATIENT = {"LogisticRegression", "LinearSVC", "MLPClassifier", "MLPRegressor"}
