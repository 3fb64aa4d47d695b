"""Predictors on sparse matrices: given by the caller in each of SciPy's formats, or returned by a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRFClassifier

from bench.fidelity import catboost_models, lightgbm_models, xgboost_models
from bench.fidelity.case import Case, Fit
from bench.fidelity.records import on_records, prepare, two

_X: dict[str, Any] = {**xgboost_models.FEW, "n_estimators": 8}
_L: dict[str, Any] = {**lightgbm_models.FEW, "n_estimators": 8}
_C: dict[str, Any] = {**catboost_models.FEW, "iterations": 8}
_ROWS = 300

FORMS: dict[str, Any] = {
    "CSR": sparse.csr_matrix,
    "CSC": sparse.csc_matrix,
    "COO": sparse.coo_matrix,
    "CSR array": sparse.csr_array,
    "CSC array": sparse.csc_array,
}
PREDICTORS: dict[str, Callable[[], Any]] = {
    "XGBoost": lambda: XGBClassifier(**_X),
    "XGBoost forest": lambda: XGBRFClassifier(**_X),
    "XGBoost dart": lambda: XGBClassifier(**{**_X, **xgboost_models.DART}),
    "XGBoost linear": lambda: XGBClassifier(booster="gblinear", updater="coord_descent", n_jobs=1),
    "LightGBM": lambda: LGBMClassifier(**_L),
    "LightGBM, zeros missing": lambda: LGBMClassifier(zero_as_missing=True, **_L),
    "CatBoost": lambda: CatBoostClassifier(**_C),
    "logistic": lambda: LogisticRegression(max_iter=2000),
    "ridge": RidgeClassifier,
    "linear SVC": lambda: LinearSVC(max_iter=5000),
    "SVC": SVC,
    "SGD": lambda: SGDClassifier(random_state=0),
    "naive Bayes, counts": MultinomialNB,
    "naive Bayes, complement": ComplementNB,
    "naive Bayes, binary": BernoulliNB,
    "neighbours": KNeighborsClassifier,
    "tree": lambda: DecisionTreeClassifier(max_depth=5, random_state=0),
    "forest": lambda: RandomForestClassifier(10, random_state=0),
    "extra trees": lambda: ExtraTreesClassifier(10, random_state=0),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=10, random_state=0),
    "AdaBoost": lambda: AdaBoostClassifier(n_estimators=8, random_state=0),
    "network": lambda: MLPClassifier((6,), max_iter=300, random_state=0),
    "bagged XGBoost": lambda: BaggingClassifier(XGBClassifier(**_X), 3, max_features=0.7, random_state=0),
    "calibrated XGBoost": lambda: CalibratedClassifierCV(XGBClassifier(**_X), cv=2),
    "stack with its inputs": lambda: StackingClassifier(
        [("l", LogisticRegression(max_iter=2000)), ("x", XGBClassifier(**_X))],
        XGBClassifier(**_X),
        passthrough=True,
        cv=2,
    ),
}


def cases() -> Iterator[Case]:
    """Each predictor behind a sparse and a dense ColumnTransformer; XGBoost and LightGBM on each form of X."""
    for name, make in PREDICTORS.items():
        for threshold in (1.0, 0.0):
            title = f"{name}, {'sparse' if threshold else 'dense'} ColumnTransformer"
            yield Case("pipelines", "sparse matrices", title, "", on_records(_behind(make, threshold), two))
    for form, kind in FORMS.items():
        for name in ("XGBoost", "LightGBM", "logistic"):
            yield Case("pipelines", "sparse matrices", f"{name} on {form}", "", _given(PREDICTORS[name], kind))


def _behind(make: Callable[[], Any], threshold: float) -> Callable[[], Any]:
    # Not scaled, so that zeros remain; naive Bayes does not accept negative numbers.
    return lambda: make_pipeline(prepare(SimpleImputer(strategy="median"), sparse_threshold=threshold), make())


def _given(make: Callable[[], Any], kind: Any) -> Fit:
    def fit() -> tuple[Any, Any]:
        random = np.random.default_rng(0)
        X = random.poisson(0.6, (_ROWS, 8)) * random.choice([1.0, 0.5], (_ROWS, 8))
        y = ((X[:, 0] > 0) ^ (X[:, 1] > 0.5) | (X[:, 2] > 1)).astype(int)
        return make().fit(kind(X[::2]), y[::2]), kind(X[1::2])

    return fit
