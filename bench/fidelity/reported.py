"""Pipelines modelled on public reports about converters: names, dtypes, unused columns, nesting, large categories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, RandomizedSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from bench.fidelity import catboost_models, lightgbm_models, xgboost_models
from bench.fidelity.case import Case, Fit
from bench.fidelity.records import WORDS, on_records, ordinal, positive, prepare, two

_X: dict[str, Any] = {**xgboost_models.FEW, "n_estimators": 8}
_L: dict[str, Any] = {**lightgbm_models.FEW, "n_estimators": 8}
_C: dict[str, Any] = {**catboost_models.FEW, "iterations": 8}
_NUMBERS = ["age", "weight", "lab value", "temperature", "visits"]


def cases() -> Iterator[Case]:
    """All of them."""
    for name, make in CLASSIFIERS.items():
        yield Case("pipelines", "reported, classes", name, "", on_records(make, two))
    for name, make in REGRESSORS.items():
        yield Case("pipelines", "reported, numbers", name, "", on_records(make, positive))
    yield Case("pipelines", "reported, classes", "two targets, LightGBM", "", on_records(_several, _labels))
    for name, make in NAMED.items():
        yield Case("pipelines", "reported, names", name, "", _on_numbers(make))
    for name, function in WHOLE.items():
        yield Case("pipelines", "reported, whole numbers", name, "", _on_whole(function, name))
    for name, make in LARGE.items():
        yield Case("pipelines", "reported, large categories", name, "", _on_cities(make))


def _one_hot(**other: Any) -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", **other)


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=2000)


def _labels(risk: Any) -> Any:
    return np.column_stack([two(risk), risk > np.quantile(risk, 0.7)]).astype(int)


def _several() -> Any:
    return make_pipeline(prepare("passthrough", ordinal()), MultiOutputClassifier(LGBMClassifier(**_L)))


def _nested(inner_threshold: float, outer_threshold: float) -> ColumnTransformer:
    """A nested ColumnTransformer; each of the two determines whether its result is sparse."""
    words = ColumnTransformer([("w", _one_hot(), [0, 1])], remainder=_one_hot(), sparse_threshold=inner_threshold)
    numbers = ColumnTransformer([("k", KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"), ["age"])],
                                remainder=SimpleImputer(), sparse_threshold=inner_threshold)  # fmt: skip
    return ColumnTransformer(
        [("numbers", numbers, _NUMBERS), ("words", words, WORDS)], sparse_threshold=outer_threshold
    )


def _few(*columns: str) -> ColumnTransformer:
    """Only these columns; the others are dropped."""
    numbers = [name for name in columns if name not in WORDS]
    words = [name for name in columns if name in WORDS]
    return ColumnTransformer([("n", SimpleImputer(), numbers), ("w", _one_hot(), words)])


def _framed(*steps: Any) -> Any:
    """A pipeline whose steps pass on data frames."""
    return make_pipeline(*steps).set_output(transform="pandas")


def _dense_frame() -> ColumnTransformer:
    return prepare(words=_one_hot(sparse_output=False), verbose_feature_names_out=False)


CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "XGBoost, default OneHotEncoder": lambda: make_pipeline(prepare(), XGBClassifier(**_X)),
    "XGBoost, words only": lambda: make_pipeline(ColumnTransformer([("w", _one_hot(), WORDS)]), XGBClassifier(**_X)),
    "XGBoost, imputed words": lambda: make_pipeline(
        prepare(words=make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), _one_hot())),
        XGBClassifier(**_X),
    ),
    "XGBoost, bins": lambda: make_pipeline(
        prepare(make_pipeline(SimpleImputer(), KBinsDiscretizer(5, quantile_method="averaged_inverted_cdf"))),
        XGBClassifier(**_X),
    ),
    "XGBoost, scaled behind the encoder": lambda: make_pipeline(
        prepare("passthrough", sparse_threshold=1), MaxAbsScaler(), XGBClassifier(**_X)
    ),
    "XGBoost, scaled without the mean": lambda: make_pipeline(
        prepare("passthrough", sparse_threshold=1), StandardScaler(with_mean=False), XGBClassifier(**_X)
    ),
    "XGBoost, densified": lambda: make_pipeline(
        prepare(sparse_threshold=1), FunctionTransformer(lambda X: X.toarray()), XGBClassifier(**_X)
    ),
    "XGBoost, chosen columns": lambda: make_pipeline(
        prepare(sparse_threshold=1), SelectKBest(k=6), XGBClassifier(**_X)
    ),
    "XGBoost, chosen by XGBoost": lambda: make_pipeline(
        prepare(sparse_threshold=1), SelectFromModel(XGBClassifier(**_X)), XGBClassifier(**_X)
    ),
    "XGBoost, missing=0": lambda: make_pipeline(
        prepare(SimpleImputer(), sparse_threshold=0), XGBClassifier(missing=0, **_X)
    ),
    "XGBoost, nested, sparse in sparse": lambda: make_pipeline(_nested(1, 1), XGBClassifier(**_X)),
    "XGBoost, nested, sparse in dense": lambda: make_pipeline(_nested(1, 0), XGBClassifier(**_X)),
    "XGBoost, nested, dense in sparse": lambda: make_pipeline(_nested(0, 1), XGBClassifier(**_X)),
    "LightGBM, nested": lambda: make_pipeline(_nested(0.3, 0.3), LGBMClassifier(**_L)),
    "forest, nested": lambda: make_pipeline(_nested(0.3, 0.3), RandomForestClassifier(10, random_state=0)),
    "XGBoost, unused columns": lambda: make_pipeline(_few("age", "lab value", "ward"), XGBClassifier(**_X)),
    "logistic, unused columns": lambda: make_pipeline(_few("age", "visits"), _logistic()),
    "LightGBM, columns that a selection drops": lambda: make_pipeline(
        prepare(), VarianceThreshold(0.2), LGBMClassifier(**_L)
    ),
    "pipeline within a pipeline": lambda: make_pipeline(
        make_pipeline(prepare(), MaxAbsScaler()), make_pipeline(SelectKBest(k=6), _logistic())
    ),
    "union within a ColumnTransformer": lambda: make_pipeline(
        prepare(make_pipeline(SimpleImputer(), FeatureUnion([("s", StandardScaler()), ("m", MinMaxScaler())]))),
        _logistic(),
    ),
    "target encoder, LightGBM": lambda: make_pipeline(
        prepare("passthrough", TargetEncoder(random_state=0)), LGBMClassifier(**_L)
    ),
    "target encoder, XGBoost, filled words": lambda: make_pipeline(
        prepare("passthrough", make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), TargetEncoder())),
        XGBClassifier(**_X),
    ),
    "target encoder, calibrated": lambda: CalibratedClassifierCV(
        make_pipeline(prepare(words=TargetEncoder(random_state=0)), _logistic()), cv=2
    ),
    "target encoder of all columns": lambda: make_pipeline(
        ColumnTransformer([("t", TargetEncoder(random_state=0), [*WORDS, "age", "visits"])]), LGBMClassifier(**_L)
    ),
    "data frames, LightGBM": lambda: _framed(_dense_frame(), LGBMClassifier(**_L)),
    "data frames, XGBoost": lambda: _framed(_dense_frame(), XGBClassifier(**_X)),
    "data frames, CatBoost": lambda: _framed(_dense_frame(), CatBoostClassifier(**_C)),
    "data frames, function by name": lambda: _framed(
        _dense_frame(),
        FunctionTransformer(lambda df: df.assign(ratio=df["age"] / (df["visits"].abs() + 1))),
        _logistic(),
    ),
    "data frames, chosen": lambda: _framed(_dense_frame(), SelectKBest(k=5), LGBMClassifier(**_L)),
    "data frames, polynomial": lambda: _framed(
        ColumnTransformer([("n", SimpleImputer(), _NUMBERS)]), PolynomialFeatures(2), StandardScaler(), _logistic()
    ),
    "search around everything, XGBoost": lambda: GridSearchCV(
        make_pipeline(prepare(), XGBClassifier(**_X)),
        {"xgbclassifier__max_depth": [2, 3], "columntransformer__words__min_frequency": [1, 20]},
        cv=2,
    ),
    "search of steps": lambda: GridSearchCV(
        make_pipeline(prepare(), StandardScaler(with_mean=False), _logistic()),
        {"standardscaler": ["passthrough", MaxAbsScaler()]},
        cv=2,
    ),
    "random search of LightGBM": lambda: RandomizedSearchCV(
        make_pipeline(prepare("passthrough", ordinal()), LGBMClassifier(**_L)),
        {"lgbmclassifier__num_leaves": [5, 7, 9]},
        n_iter=2,
        cv=2,
        random_state=0,
    ),
    "threshold around a search": lambda: FixedThresholdClassifier(
        GridSearchCV(make_pipeline(prepare(), XGBClassifier(**_X)), {"xgbclassifier__max_depth": [2, 3]}, cv=2),
        threshold=0.3,
    ),
    "calibrated search": lambda: CalibratedClassifierCV(
        GridSearchCV(make_pipeline(prepare(), LGBMClassifier(**_L)), {"lgbmclassifier__max_depth": [2, 3]}, cv=2), cv=2
    ),
    "bagged pipelines": lambda: make_pipeline(
        prepare(sparse_threshold=1),
        BaggingClassifier(make_pipeline(MaxAbsScaler(), XGBClassifier(**_X)), 3, random_state=0),
    ),
    "vote of sparse and dense": lambda: VotingClassifier(
        [
            ("x", make_pipeline(prepare(sparse_threshold=1), XGBClassifier(**_X))),
            ("h", make_pipeline(prepare(sparse_threshold=0), HistGradientBoostingClassifier(max_iter=8))),
        ],
        voting="soft",
    ),
    "selector of columns by dtype": lambda: make_pipeline(
        ColumnTransformer(
            [("n", SimpleImputer(), make_column_selector(dtype_include=np.number))], remainder=_one_hot()
        ),
        XGBClassifier(**_X),
    ),
    "words dropped if binary": lambda: make_pipeline(
        prepare(words=OneHotEncoder(drop="if_binary", handle_unknown="ignore")), XGBClassifier(**_X)
    ),
    "infrequent words, XGBoost": lambda: make_pipeline(
        prepare(words=OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=30)), XGBClassifier(**_X)
    ),
}

REGRESSORS: dict[str, Callable[[], Any]] = {
    "XGBoost, default OneHotEncoder, number": lambda: make_pipeline(prepare(), XGBRegressor(**_X)),
    "LightGBM, logarithm of the target": lambda: TransformedTargetRegressor(
        make_pipeline(prepare(), LGBMRegressor(**_L)), func=np.log1p, inverse_func=np.expm1
    ),
    "XGBoost, scaled target, search": lambda: TransformedTargetRegressor(
        GridSearchCV(make_pipeline(prepare(), XGBRegressor(**_X)), {"xgbregressor__max_depth": [2, 3]}, cv=2),
        transformer=StandardScaler(),
    ),
    "stack of sparse boosters": lambda: make_pipeline(
        prepare(sparse_threshold=1),
        StackingRegressor([("x", XGBRegressor(**_X)), ("l", LGBMRegressor(**_L))], Ridge(), passthrough=True, cv=2),
    ),
    "target encoder, number": lambda: make_pipeline(
        prepare("passthrough", TargetEncoder(random_state=0)), HistGradientBoostingRegressor(max_iter=8)
    ),
    "CatBoost on data frames": lambda: _framed(_dense_frame(), CatBoostRegressor(**_C)),
}

NAMED: dict[str, Callable[[], Any]] = {
    "LightGBM, spaces": lambda: LGBMClassifier(**_L),
    "LightGBM, spaces, search": lambda: GridSearchCV(LGBMClassifier(**_L), {"max_depth": [2, 3]}, cv=2),
    "LightGBM, spaces, calibrated": lambda: CalibratedClassifierCV(LGBMClassifier(**_L), cv=2),
    "LightGBM, spaces, scaled data frames": lambda: _framed(StandardScaler(), LGBMClassifier(**_L)),
    "XGBoost, spaces": lambda: XGBClassifier(**_X),
    "CatBoost, spaces": lambda: CatBoostClassifier(**_C),
    "vote of three, spaces": lambda: VotingClassifier(
        [("x", XGBClassifier(**_X)), ("l", LGBMClassifier(**_L)), ("c", CatBoostClassifier(**_C))], voting="soft"
    ),
}


def _on_numbers(make: Callable[[], Any]) -> Fit:
    """Numbers in a data frame, with spaces and special characters in the names."""

    def fit() -> tuple[Any, Any]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(random.normal(size=(300, 4)), columns=["mean radius", "área (mm²)", " lead", "x.1 / y"])
        y = (X["mean radius"] * X[" lead"] + X["x.1 / y"] > 0).astype(int)
        return make().fit(X[::2], y[::2]), X[1::2]

    return fit


WHOLE: dict[str, Callable[[Any], Any]] = {
    "quotient": lambda A: np.c_[A[:, 2], A[:, 0] // A[:, 1]],
    "rest": lambda A: np.c_[A[:, 2], A[:, 0] % A[:, 1]],
    "divmod": lambda A: np.c_[A[:, 2], np.divmod(A[:, 0], A[:, 1])[0]],
    "quotient of int8": lambda A: np.c_[A[:, 2], A[:, 0] // A[:, 1]],
    "quotient of floats": lambda A: np.c_[A[:, 2], np.minimum(A[:, 0] // (A[:, 1] + 0.5), 99)],
    "share": lambda A: np.c_[A[:, 2], np.where(A[:, 1] == 0, 0, A[:, 0] / np.maximum(A[:, 1], 1))],
    "logarithm of counts": lambda A: np.c_[A[:, 2], np.round(np.log1p(A[:, 0]) * 100) // 10],
    "parity": lambda A: np.c_[A[:, 2], A[:, 0] % 2, A[:, 1] % 7],
}


def _on_whole(function: Callable[[Any], Any], name: str) -> Fit:
    def fit() -> tuple[Any, Any]:
        random = np.random.default_rng(0)
        X = random.integers(1, 60, (800, 3)).astype(
            np.int8 if "int8" in name else np.float64 if "floats" in name else int
        )
        y = (X[:, 2] < 6) & (X[:, 0] // X[:, 1] >= 1)
        tree = DecisionTreeClassifier(max_depth=3, random_state=0)
        return make_pipeline(FunctionTransformer(function), tree).fit(X[::2], y[::2]), X[1::2]

    return fit


LARGE: dict[str, Callable[[], Any]] = {
    "one by one, logistic": lambda: make_pipeline(_cities(_one_hot()), _logistic()),
    "one by one, XGBoost": lambda: make_pipeline(_cities(_one_hot()), XGBClassifier(**_X)),
    "one by one, LightGBM": lambda: make_pipeline(_cities(_one_hot()), LGBMClassifier(**_L)),
    "at most 20, XGBoost": lambda: make_pipeline(
        _cities(OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=20)), XGBClassifier(**_X)
    ),
    "target encoder, XGBoost": lambda: make_pipeline(_cities(TargetEncoder(random_state=0)), XGBClassifier(**_X)),
    "ordinal, tree": lambda: make_pipeline(
        _cities(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        DecisionTreeRegressor(max_depth=6),
    ),
}


def _cities(encoder: Any) -> ColumnTransformer:
    return ColumnTransformer([("city", encoder, ["city"])], remainder="passthrough")


def _on_cities(make: Callable[[], Any]) -> Fit:
    """A column of several hundred places, most of them rare, and a number."""

    def fit() -> tuple[Any, Any]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(
            {"city": [f"Ort {int(i)}" for i in random.pareto(0.7, 1500) * 3 % 400], "size": random.random(1500)}
        )
        y = ((X["city"].str.len() > 5) ^ (X["size"] > 0.6)).astype(int)
        return make().fit(X[::2], y[::2]), X[1::2]

    return fit
