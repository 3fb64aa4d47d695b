"""Pipelines as people build them: mixed data frames with everything missing, and models stacked on one another."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold, f_classif
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    TweedieRegressor,
)
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from bench.fidelity.cases import Case

_ROWS = 400


def frame(seed: int = 0) -> pd.DataFrame:
    """A ward's records: numbers, whole numbers, booleans, words with accents, None, NaN and pandas categories."""
    random = np.random.default_rng(seed)
    n = _ROWS
    X = pd.DataFrame(
        {
            "age": random.integers(18, 95, n),
            "weight": random.normal(75, 15, n).round(1),
            "lab value": random.lognormal(1, 1, n),
            "temperature": random.normal(37, 0.8, n).round(1),
            "smoker": random.random(n) < 0.3,
            "ward": pd.Series(random.choice(["Chirurgie", "Pädiatrie", "Urgences médicales", "ICU"], n), dtype=object),
            "insurance": pd.Series(random.choice(["public", "private"], n, p=[0.8, 0.2])).astype("category"),
            "code": pd.Series(
                random.choice(["A1", "A2", "B1", "B2", "C9"], n, p=[0.4, 0.3, 0.2, 0.07, 0.03]), dtype=object
            ),
            "visits": random.poisson(2, n).astype(float),
        }
    )
    for name, share in {"weight": 0.1, "lab value": 0.15, "visits": 0.05}.items():
        X.loc[random.random(n) < share, name] = np.nan
    X.loc[random.random(n) < 0.08, "ward"] = None
    return X


def _target(X: pd.DataFrame) -> Any:
    random = np.random.default_rng(1)
    risk = (X["age"] - 50) / 20 + X["lab value"].fillna(3) / 5 + X["smoker"] + (X["ward"] == "ICU") * 1.5
    return risk.to_numpy() + random.normal(0, 0.5, len(X))


NUMBERS = make_column_selector(dtype_include=[np.number])
WORDS = ["ward", "code", "insurance"]


def _prepare(numbers: Any = None, words: Any = None, **other: Any) -> ColumnTransformer:
    numbers = numbers if numbers is not None else make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = words if words is not None else OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, WORDS)], **other)


def _ordinal() -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)


def _filled(scaler: Any) -> Pipeline:
    return make_pipeline(SimpleImputer(), scaler)


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=2000)


def _forest(trees: int = 20, **other: Any) -> RandomForestClassifier:
    return RandomForestClassifier(trees, random_state=0, **other)


def _words_filled() -> Pipeline:
    return make_pipeline(
        SimpleImputer(strategy="most_frequent", missing_values=None), OneHotEncoder(handle_unknown="ignore")
    )


CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: make_pipeline(_prepare(), _logistic()),
    "forest": lambda: make_pipeline(_prepare(), _forest()),
    "forest, missing indicator": lambda: make_pipeline(_prepare(SimpleImputer(add_indicator=True)), _forest()),
    "forest on ordinals": lambda: make_pipeline(_prepare("passthrough", _ordinal()), _forest()),
    "extra trees, min-max": lambda: make_pipeline(
        _prepare(_filled(MinMaxScaler(clip=True))), ExtraTreesClassifier(20, random_state=0)
    ),
    "boosting, robust": lambda: make_pipeline(
        _prepare(_filled(RobustScaler())), GradientBoostingClassifier(n_estimators=20)
    ),
    "histogram boosting with NaN": lambda: make_pipeline(
        _prepare("passthrough", _ordinal()), HistGradientBoostingClassifier(max_iter=20)
    ),
    "histogram boosting, categorical": lambda: make_pipeline(
        _prepare("passthrough", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)),
        HistGradientBoostingClassifier(max_iter=20, categorical_features=[5, 6, 7]),
    ),
    "infrequent categories": lambda: make_pipeline(
        _prepare(words=OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=40)), _logistic()
    ),
    "at most three categories": lambda: make_pipeline(
        _prepare(words=OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=3)), _forest()
    ),
    "dropped first": lambda: make_pipeline(
        _prepare(words=OneHotEncoder(drop="first", handle_unknown="ignore")), _logistic()
    ),
    "words filled in": lambda: make_pipeline(_prepare(words=_words_filled()), _logistic()),
    "words by target": lambda: make_pipeline(_prepare(words=TargetEncoder(random_state=0)), _forest()),
    "bins": lambda: make_pipeline(
        _prepare(_filled(KBinsDiscretizer(5, encode="onehot", quantile_method="averaged_inverted_cdf"))), _logistic()
    ),
    "bins, ordinal": lambda: make_pipeline(
        _prepare(_filled(KBinsDiscretizer(7, encode="ordinal", strategy="uniform"))), _forest()
    ),
    "polynomials": lambda: make_pipeline(
        _prepare(make_pipeline(SimpleImputer(), PolynomialFeatures(2), StandardScaler())), _logistic()
    ),
    "splines": lambda: make_pipeline(_prepare(_filled(SplineTransformer(n_knots=4))), _logistic()),
    "powers": lambda: make_pipeline(_prepare(_filled(PowerTransformer())), _logistic()),
    "quantiles": lambda: make_pipeline(
        _prepare(_filled(QuantileTransformer(n_quantiles=50, output_distribution="normal"))), _logistic()
    ),
    "logarithms": lambda: make_pipeline(
        _prepare(make_pipeline(SimpleImputer(), FunctionTransformer(np.log1p), StandardScaler())), _logistic()
    ),
    "components": lambda: make_pipeline(
        _prepare(make_pipeline(SimpleImputer(), StandardScaler(), PCA(3))), _logistic()
    ),
    "singular values": lambda: make_pipeline(_prepare(), TruncatedSVD(5, random_state=0), _forest()),
    "union": lambda: make_pipeline(
        _prepare(make_pipeline(SimpleImputer(), FeatureUnion([("a", StandardScaler()), ("b", PCA(2))]))), _logistic()
    ),
    "selected by test": lambda: make_pipeline(_prepare(), SelectKBest(f_classif, k=6), _logistic()),
    "selected by forest": lambda: make_pipeline(_prepare(), SelectFromModel(_forest(10)), _logistic()),
    "variance": lambda: make_pipeline(_prepare(), VarianceThreshold(0.05), _logistic()),
    "calibrated forest, isotonic": lambda: make_pipeline(
        _prepare(), CalibratedClassifierCV(_forest(10), method="isotonic", cv=3)
    ),
    "calibrated margin, sigmoid": lambda: make_pipeline(_prepare(), CalibratedClassifierCV(LinearSVC(), cv=3)),
    "calibrated, one model": lambda: make_pipeline(
        _prepare(), CalibratedClassifierCV(_forest(10), ensemble=False, cv=3)
    ),
    "soft vote": lambda: make_pipeline(
        _prepare(), VotingClassifier([("a", _logistic()), ("b", _forest(10)), ("c", GaussianNB())], voting="soft")
    ),
    "hard vote": lambda: make_pipeline(
        _prepare(),
        VotingClassifier([("a", _logistic()), ("b", _forest(10)), ("c", DecisionTreeClassifier(max_depth=4))]),
    ),
    "stack": lambda: make_pipeline(
        _prepare(), StackingClassifier([("a", _forest(10)), ("b", SVC())], final_estimator=_logistic(), cv=3)
    ),
    "stack, passthrough": lambda: make_pipeline(
        _prepare(),
        StackingClassifier(
            [("a", _forest(10)), ("b", GradientBoostingClassifier(n_estimators=10))],
            final_estimator=_logistic(),
            passthrough=True,
            cv=3,
        ),
    ),
    "stack of pipelines": lambda: StackingClassifier(
        [
            ("a", make_pipeline(_prepare(), _logistic())),
            ("b", make_pipeline(_prepare("passthrough", _ordinal()), HistGradientBoostingClassifier(max_iter=10))),
        ],
        final_estimator=_logistic(),
        cv=3,
    ),
    "bagged": lambda: make_pipeline(_prepare(), BaggingClassifier(_logistic(), 5, random_state=0)),
    "bagged on some columns": lambda: make_pipeline(
        _prepare(), BaggingClassifier(DecisionTreeClassifier(), 8, max_features=0.5, random_state=0)
    ),
    "adaptive boosting": lambda: make_pipeline(_prepare(), AdaBoostClassifier(n_estimators=10, random_state=0)),
    "support vectors": lambda: make_pipeline(_prepare(), SVC()),
    "linear margin": lambda: make_pipeline(_prepare(), LinearSVC()),
    "neighbours, distance": lambda: make_pipeline(_prepare(), KNeighborsClassifier(7, weights="distance")),
    "network": lambda: make_pipeline(_prepare(), MLPClassifier((16,), max_iter=500, random_state=0)),
    "linear discriminant": lambda: make_pipeline(_prepare(), LinearDiscriminantAnalysis()),
    "quadratic discriminant": lambda: make_pipeline(_prepare(), PCA(4), QuadraticDiscriminantAnalysis()),
    "nystroem": lambda: make_pipeline(_prepare(), Nystroem(n_components=20, random_state=0), _logistic()),
    "gradient descent": lambda: make_pipeline(_prepare(), SGDClassifier(loss="log_loss", random_state=0)),
    "ridge": lambda: make_pipeline(_prepare(), RidgeClassifier()),
    "grid search": lambda: GridSearchCV(
        make_pipeline(_prepare(), _logistic()), {"logisticregression__C": [0.1, 1]}, cv=3
    ),
    "searched regularisation": lambda: make_pipeline(_prepare(), LogisticRegressionCV(Cs=3, cv=3, max_iter=2000)),
    "fixed threshold": lambda: FixedThresholdClassifier(
        make_pipeline(_prepare(), _logistic()), threshold=0.3, pos_label=1
    ),
    "one against the rest": lambda: make_pipeline(_prepare(), OneVsRestClassifier(_forest(8))),
    "one against one": lambda: make_pipeline(_prepare(), OneVsOneClassifier(_logistic())),
    "by column number": lambda: make_pipeline(
        ColumnTransformer(
            [("n", SimpleImputer(), [0, 1, 2, 3]), ("w", OneHotEncoder(handle_unknown="ignore"), slice(5, 8))]
        ),
        _forest(),
    ),
    "remainder passed through": lambda: make_pipeline(
        ColumnTransformer([("w", _ordinal(), WORDS)], remainder="passthrough"),
        HistGradientBoostingClassifier(max_iter=20),
    ),
    "remainder imputed": lambda: make_pipeline(
        ColumnTransformer([("w", _ordinal(), WORDS)], remainder=SimpleImputer()), _forest()
    ),
    "pandas between the steps": lambda: make_pipeline(
        _prepare(words=OneHotEncoder(handle_unknown="ignore", sparse_output=False), verbose_feature_names_out=False),
        ColumnTransformer([("keep", "passthrough", ["age", "weight"])], remainder=StandardScaler()),
        _logistic(),
    ).set_output(transform="pandas"),
}

REGRESSORS: dict[str, Callable[[], Any]] = {
    "line": lambda: make_pipeline(_prepare(), LinearRegression()),
    "ridge on splines": lambda: make_pipeline(_prepare(_filled(SplineTransformer())), Ridge()),
    "lasso": lambda: make_pipeline(_prepare(), Lasso(0.01)),
    "elastic net": lambda: make_pipeline(_prepare(), ElasticNet(0.01)),
    "huber": lambda: make_pipeline(_prepare(), HuberRegressor(max_iter=1000)),
    "forest": lambda: make_pipeline(_prepare(), RandomForestRegressor(20, random_state=0)),
    "boosting, quantile": lambda: make_pipeline(
        _prepare(), GradientBoostingRegressor(loss="quantile", alpha=0.9, n_estimators=20)
    ),
    "histogram boosting, absolute": lambda: make_pipeline(
        _prepare("passthrough", _ordinal()), HistGradientBoostingRegressor(loss="absolute_error", max_iter=20)
    ),
    "log of the target": lambda: TransformedTargetRegressor(
        make_pipeline(_prepare(), Ridge()), func=np.log1p, inverse_func=np.expm1
    ),
    "scaled target": lambda: TransformedTargetRegressor(
        make_pipeline(_prepare(), Ridge()), transformer=StandardScaler()
    ),
    "vote": lambda: make_pipeline(
        _prepare(), VotingRegressor([("a", Ridge()), ("b", RandomForestRegressor(10, random_state=0))])
    ),
    "stack": lambda: make_pipeline(
        _prepare(), StackingRegressor([("a", Ridge()), ("b", RandomForestRegressor(10, random_state=0))], cv=3)
    ),
    "counts": lambda: make_pipeline(_prepare(), PoissonRegressor(max_iter=1000)),
    "gamma": lambda: make_pipeline(_prepare(), GammaRegressor(max_iter=1000)),
    "tweedie": lambda: make_pipeline(_prepare(), TweedieRegressor(power=1.5, max_iter=1000)),
}


def pipelines() -> Iterator[Case]:
    """All of them, fitted on one half of the records, with the other half to verify."""
    X = frame()
    risk = _target(X)
    train, test = X.iloc[::2], X.iloc[1::2]
    binary, three = (risk > np.median(risk)).astype(int), np.digitize(risk, np.quantile(risk, [0.33, 0.66]))
    words = np.array(["low", "médium", "high"])[three]
    for i, (name, make) in enumerate(CLASSIFIERS.items()):
        target = (binary, three, words)[i % 3] if name != "fixed threshold" else binary
        yield Case("pipeline", name, _fit(make(), train, target[::2]), test)
    positive = np.exp(risk - risk.mean())
    for name, make in REGRESSORS.items():
        yield Case("pipeline", f"{name} (value)", _fit(make(), train, positive[::2]), test)
    outliers = make_pipeline(_prepare(), IsolationForest(n_estimators=20, random_state=0))
    yield Case("pipeline", "isolation forest", _fit(outliers, train, None), test)


def _fit(model: Any, X: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)
