"""Boosters inside scikit-learn: calibrated, stacked, voting, behind encoders, with targets transformed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier

from bench.fidelity import catboost_models, lightgbm_models, records, xgboost_models
from bench.fidelity.case import Case
from bench.fidelity.records import WORDS, on_records, ordinal, positive, prepare, two

_X: dict[str, Any] = {**xgboost_models.FEW, "n_estimators": 12}
_L: dict[str, Any] = {**lightgbm_models.FEW, "n_estimators": 12}
_C: dict[str, Any] = {**catboost_models.FEW, "iterations": 12}
_KIND = "boosters inside"


def cases() -> Iterator[Case]:
    """All of them."""
    for name, make in TWO_CLASSES.items():
        yield Case("pipelines", _KIND, name, "", on_records(make, two))
    yield from records.classifiers(_KIND, CLASSIFIERS)
    yield from records.regressors(_KIND, REGRESSORS)
    for name, make in SEVERAL.items():
        target = _labels if "labels" in name else _pair
        yield Case("pipelines", _KIND, name, "", on_records(make, target))


def _labels(risk: Any) -> Any:
    return np.column_stack([two(risk), risk > np.quantile(risk, 0.7)]).astype(int)


def _pair(risk: Any) -> Any:
    return np.column_stack([positive(risk), -(risk**2)])


def _raw() -> Any:
    """Numbers with missing values, and ordinal codes: the usual input of boosters."""
    return prepare("passthrough", ordinal())


def _three_boosters() -> list[tuple[str, Any]]:
    return [("x", XGBClassifier(**_X)), ("l", LGBMClassifier(**_L)), ("c", CatBoostClassifier(**_C))]


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=2000)


def _named_columns(encoder: Any) -> Any:
    """Steps that return data frames, so that the booster stores the column names."""
    steps = ColumnTransformer([("words", encoder, WORDS)], remainder="passthrough", verbose_feature_names_out=False)
    return steps.set_output(transform="pandas")


def _categories() -> ColumnTransformer:
    """Ordinal codes that the booster uses as categories."""
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("words", words, WORDS)], remainder="passthrough")


def _on_raw(model: Any) -> Pipeline:
    return make_pipeline(_raw(), model)


# XGBoost takes no names for classes, and a threshold needs two.
TWO_CLASSES: dict[str, Callable[[], Any]] = {
    "XGBoost": lambda: _on_raw(XGBClassifier(**_X)),
    "XGBoost forest": lambda: _on_raw(XGBRFClassifier(**_X)),
    "XGBoost, one by one": lambda: make_pipeline(prepare(SimpleImputer()), XGBClassifier(**_X)),
    "XGBoost, words by target": lambda: make_pipeline(
        prepare("passthrough", TargetEncoder(random_state=0)), XGBClassifier(**_X)
    ),
    "XGBoost, named columns": lambda: make_pipeline(_named_columns(ordinal()), XGBClassifier(**_X)),
    "XGBoost, categories by number": lambda: make_pipeline(
        _categories(), XGBClassifier(enable_categorical=True, feature_types=["c"] * 3 + ["q"] * 6, **_X)
    ),
    "XGBoost dart, scaled": lambda: make_pipeline(
        prepare(StandardScaler()), XGBClassifier(**{**_X, **xgboost_models.DART})
    ),
    "XGBoost calibrated, isotonic": lambda: CalibratedClassifierCV(
        _on_raw(XGBClassifier(**_X)), method="isotonic", cv=3
    ),
    "XGBoost, threshold": lambda: FixedThresholdClassifier(_on_raw(XGBClassifier(**_X)), threshold=0.3, pos_label=1),
    "LightGBM, threshold": lambda: FixedThresholdClassifier(_on_raw(LGBMClassifier(**_L)), threshold=0.7, pos_label=1),
    "XGBoost, grid search": lambda: GridSearchCV(
        _on_raw(XGBClassifier(**_X)), {"xgbclassifier__max_depth": [2, 3]}, cv=2
    ),
    "bagged XGBoost": lambda: _on_raw(BaggingClassifier(XGBClassifier(**_X), 4, random_state=0)),
    "soft vote of three": lambda: _on_raw(VotingClassifier(_three_boosters(), voting="soft")),
    "hard vote of three": lambda: _on_raw(VotingClassifier(_three_boosters())),
    "stack of three": lambda: _on_raw(StackingClassifier(_three_boosters(), _logistic(), cv=2)),
    "stack of three, passthrough": lambda: make_pipeline(
        prepare(), StackingClassifier(_three_boosters(), LGBMClassifier(**_L), passthrough=True, cv=2)
    ),
    "stack of pipelines": lambda: StackingClassifier(
        [
            ("x", _on_raw(XGBClassifier(**_X))),
            ("l", make_pipeline(prepare(SimpleImputer()), LGBMClassifier(**_L))),
            ("r", make_pipeline(prepare(), _logistic())),
        ],
        _logistic(),
        cv=2,
    ),
    "XGBoost on those chosen by LightGBM": lambda: make_pipeline(
        _raw(), SelectFromModel(LGBMClassifier(**_L)), XGBClassifier(**_X)
    ),
}

CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "LightGBM": lambda: _on_raw(LGBMClassifier(**_L)),
    "CatBoost": lambda: _on_raw(CatBoostClassifier(**_C)),
    "LightGBM, one by one": lambda: make_pipeline(prepare(SimpleImputer()), LGBMClassifier(**_L)),
    "CatBoost, one by one": lambda: make_pipeline(
        prepare(words=OneHotEncoder(handle_unknown="ignore", sparse_output=False)), CatBoostClassifier(**_C)
    ),
    "LightGBM, named columns": lambda: make_pipeline(_named_columns(ordinal()), LGBMClassifier(**_L)),
    "CatBoost, named columns": lambda: make_pipeline(_named_columns(ordinal()), CatBoostClassifier(**_C)),
    "LightGBM linear leaves, scaled": lambda: make_pipeline(
        prepare(StandardScaler()), LGBMClassifier(linear_tree=True, **_L)
    ),
    "LightGBM calibrated, sigmoid": lambda: _on_raw(CalibratedClassifierCV(LGBMClassifier(**_L), cv=3)),
    "CatBoost calibrated, one model": lambda: make_pipeline(
        _raw(), CalibratedClassifierCV(CatBoostClassifier(**_C), ensemble=False, cv=3)
    ),
    "LightGBM calibrated, temperature": lambda: make_pipeline(
        _raw(), CalibratedClassifierCV(LGBMClassifier(**_L), method="temperature", cv=3)
    ),
    "bagged LightGBM, some columns": lambda: make_pipeline(
        _raw(), BaggingClassifier(LGBMClassifier(**_L), 4, max_features=0.6, random_state=0)
    ),
    "LightGBM, one against the rest": lambda: _on_raw(OneVsRestClassifier(LGBMClassifier(**_L))),
    "soft vote of CatBoost and a forest": lambda: make_pipeline(
        prepare(),
        VotingClassifier(
            [("c", CatBoostClassifier(**_C)), ("f", RandomForestClassifier(10, random_state=0))], voting="soft"
        ),
    ),
    "logistic on those left by LightGBM": lambda: make_pipeline(
        prepare(words=OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        RFE(LGBMClassifier(**_L), n_features_to_select=6),
        _logistic(),
    ),
}

REGRESSORS: dict[str, Callable[[], Any]] = {
    "XGBoost, number": lambda: _on_raw(XGBRegressor(**_X)),
    "LightGBM, number": lambda: _on_raw(LGBMRegressor(**_L)),
    "CatBoost, number": lambda: _on_raw(CatBoostRegressor(**_C)),
    "XGBoost, logarithm of the target": lambda: TransformedTargetRegressor(
        _on_raw(XGBRegressor(**_X)), func=np.log1p, inverse_func=np.expm1
    ),
    "LightGBM, scaled target": lambda: TransformedTargetRegressor(
        _on_raw(LGBMRegressor(**_L)), transformer=StandardScaler()
    ),
    "CatBoost, logarithm of the target": lambda: TransformedTargetRegressor(
        _on_raw(CatBoostRegressor(**_C)), func=np.log, inverse_func=np.exp
    ),
    "XGBoost tweedie": lambda: _on_raw(XGBRegressor(objective="reg:tweedie", **_X)),
    "LightGBM quantile": lambda: _on_raw(LGBMRegressor(objective="quantile", alpha=0.9, **_L)),
    "CatBoost Poisson": lambda: _on_raw(CatBoostRegressor(loss_function="Poisson", **_C)),
    "LightGBM linear leaves, number": lambda: make_pipeline(
        prepare(StandardScaler()), LGBMRegressor(linear_tree=True, **_L)
    ),
    "XGBoost linear": lambda: make_pipeline(
        prepare(), XGBRegressor(booster="gblinear", updater="coord_descent", n_jobs=1)
    ),
    "vote of three, number": lambda: make_pipeline(
        _raw(),
        VotingRegressor(
            [("x", XGBRegressor(**_X)), ("l", LGBMRegressor(**_L)), ("c", CatBoostRegressor(**_C))], weights=[1, 2, 3]
        ),
    ),
    "stack of three, number": lambda: make_pipeline(
        _raw(),
        StackingRegressor(
            [("x", XGBRegressor(**_X)), ("l", LGBMRegressor(**_L)), ("c", CatBoostRegressor(**_C))], Ridge(), cv=2
        ),
    ),
}

SEVERAL: dict[str, Callable[[], Any]] = {
    "XGBoost, each of several numbers": lambda: _on_raw(MultiOutputRegressor(XGBRegressor(**_X))),
    "LightGBM, each of several numbers": lambda: _on_raw(MultiOutputRegressor(LGBMRegressor(**_L))),
    "LightGBM, chain of numbers": lambda: make_pipeline(prepare(SimpleImputer()), RegressorChain(LGBMRegressor(**_L))),
    "XGBoost, several numbers at once": lambda: make_pipeline(
        _raw(), XGBRegressor(multi_strategy="multi_output_tree", **_X)
    ),
    "CatBoost, several numbers at once": lambda: make_pipeline(
        _raw(), CatBoostRegressor(loss_function="MultiRMSE", **_C)
    ),
    "XGBoost, each of several labels": lambda: _on_raw(MultiOutputClassifier(XGBClassifier(**_X))),
    "CatBoost, each of several labels": lambda: _on_raw(MultiOutputClassifier(CatBoostClassifier(**_C))),
    "LightGBM, chain of labels": lambda: make_pipeline(prepare(SimpleImputer()), ClassifierChain(LGBMClassifier(**_L))),
}
