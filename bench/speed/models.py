"""The models whose graphs are timed, and the rows that they are trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from xgboost import XGBClassifier

MODELS: dict[str, tuple[Callable[[], Any], int]] = {
    "logistic regression": (lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), 2),
    "logistic regression, 5 classes": (lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)), 5),
    "ridge": (lambda: make_pipeline(StandardScaler(), Ridge()), 0),
    "neural network": (lambda: make_pipeline(StandardScaler(), MLPClassifier((50,), max_iter=50, random_state=0)), 2),
    "support vectors": (lambda: make_pipeline(StandardScaler(), SVC()), 2),
    "forest, 300 trees of depth 10": (lambda: RandomForestClassifier(300, max_depth=10, random_state=0), 2),
    "forest, 300 trees": (lambda: RandomForestClassifier(300, random_state=0), 2),
    "forest, 20 trees": (lambda: RandomForestClassifier(20, random_state=0), 2),
    "forest, 100 trees, 5 classes": (lambda: RandomForestClassifier(100, random_state=0), 5),
    "forest, 100 trees of depth 10, 5 classes": (
        lambda: RandomForestClassifier(100, max_depth=10, random_state=0),
        5,
    ),
    "extra trees, 100": (lambda: ExtraTreesClassifier(100, random_state=0), 2),
    "forest of 100, regression": (lambda: RandomForestRegressor(100, max_depth=12, random_state=0), 0),
    "gradient boosting, 100 trees": (lambda: GradientBoostingClassifier(n_estimators=100, random_state=0), 2),
    "gradient boosting, 100 trees, 5 classes": (
        lambda: GradientBoostingClassifier(n_estimators=100, random_state=0),
        5,
    ),
    "gradient boosting of 200, regression": (lambda: GradientBoostingRegressor(n_estimators=200, random_state=0), 0),
    "histogram boosting, 100 trees": (lambda: HistGradientBoostingClassifier(max_iter=100, random_state=0), 2),
    "XGBoost, 100 trees": (lambda: XGBClassifier(n_estimators=100, n_jobs=1, random_state=0), 2),
    "LightGBM, 100 trees": (lambda: LGBMClassifier(n_estimators=100, n_jobs=1, verbosity=-1, random_state=0), 2),
    "CatBoost, 200 trees": (
        lambda: CatBoostClassifier(200, thread_count=1, verbose=False, allow_writing_files=False, random_state=0),
        2,
    ),
}


def rows_and_classes(classes: int) -> tuple[Any, Any]:
    """20,000 rows of 30 columns; the target is a number if `classes` is 0."""
    X, y = make_classification(20_000, 30, n_informative=15, n_classes=classes or 2, random_state=0)
    return X, X[:, :15].sum(axis=1) + np.sin(X[:, 0]) * 3 if not classes else y
