"""Common pipelines on mixed records: each preparation, and stacked models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
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
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes IterativeImputer appear
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold, f_classif
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import IterativeImputer, SimpleImputer
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
from sklearn.mixture import GaussianMixture
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
    Normalizer,
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
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier

from bench.fidelity.case import Case
from bench.fidelity.records import WORDS, classifiers, filled, on_records, ordinal, prepare, regressors


def cases() -> Iterator[Case]:
    """All of them."""
    yield from classifiers("records, classes", CLASSIFIERS)
    yield from regressors("records, numbers", REGRESSORS)
    for name, make in UNTAUGHT.items():
        yield Case("pipelines", "records, no target", name, "", on_records(make))


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=2000)


def _forest(trees: int = 20, **other: Any) -> RandomForestClassifier:
    return RandomForestClassifier(trees, random_state=0, **other)


def _dense() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def _words_filled() -> Pipeline:
    return make_pipeline(
        SimpleImputer(strategy="most_frequent", missing_values=None), OneHotEncoder(handle_unknown="ignore")
    )


CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: make_pipeline(prepare(), _logistic()),
    "forest": lambda: make_pipeline(prepare(), _forest()),
    "forest, missing indicator": lambda: make_pipeline(prepare(SimpleImputer(add_indicator=True)), _forest()),
    "forest on ordinals": lambda: make_pipeline(prepare("passthrough", ordinal()), _forest()),
    "extra trees, min-max": lambda: make_pipeline(
        prepare(filled(MinMaxScaler(clip=True))), ExtraTreesClassifier(20, random_state=0)
    ),
    "boosting, robust": lambda: make_pipeline(
        prepare(filled(RobustScaler())), GradientBoostingClassifier(n_estimators=20)
    ),
    "histogram boosting with NaN": lambda: make_pipeline(
        prepare("passthrough", ordinal()), HistGradientBoostingClassifier(max_iter=20)
    ),
    "histogram boosting, categorical": lambda: make_pipeline(
        prepare("passthrough", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)),
        HistGradientBoostingClassifier(max_iter=20, categorical_features=[5, 6, 7]),
    ),
    "infrequent categories": lambda: make_pipeline(
        prepare(words=OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=40)), _logistic()
    ),
    "at most three categories": lambda: make_pipeline(
        prepare(words=OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=3)), _forest()
    ),
    "dropped first": lambda: make_pipeline(
        prepare(words=OneHotEncoder(drop="first", handle_unknown="ignore")), _logistic()
    ),
    "words filled in": lambda: make_pipeline(prepare(words=_words_filled()), _logistic()),
    "words by target": lambda: make_pipeline(prepare(words=TargetEncoder(random_state=0)), _forest()),
    "bins": lambda: make_pipeline(
        prepare(filled(KBinsDiscretizer(5, encode="onehot", quantile_method="averaged_inverted_cdf"))), _logistic()
    ),
    "bins, ordinal": lambda: make_pipeline(
        prepare(filled(KBinsDiscretizer(7, encode="ordinal", strategy="uniform"))), _forest()
    ),
    "polynomials": lambda: make_pipeline(
        prepare(make_pipeline(SimpleImputer(), PolynomialFeatures(2), StandardScaler())), _logistic()
    ),
    "splines": lambda: make_pipeline(prepare(filled(SplineTransformer(n_knots=4))), _logistic()),
    "powers": lambda: make_pipeline(prepare(filled(PowerTransformer())), _logistic()),
    "quantiles": lambda: make_pipeline(
        prepare(filled(QuantileTransformer(n_quantiles=50, output_distribution="normal"))), _logistic()
    ),
    "powers before a forest": lambda: make_pipeline(prepare(filled(PowerTransformer())), _forest(10)),
    "quantiles before a forest": lambda: make_pipeline(
        prepare(filled(QuantileTransformer(n_quantiles=50, output_distribution="normal"))), _forest(10)
    ),
    "unit length before a forest": lambda: make_pipeline(prepare(filled(Normalizer())), _forest(10)),
    "logarithms": lambda: make_pipeline(
        prepare(make_pipeline(SimpleImputer(), FunctionTransformer(np.log1p), StandardScaler())), _logistic()
    ),
    "components": lambda: make_pipeline(prepare(make_pipeline(SimpleImputer(), StandardScaler(), PCA(3))), _logistic()),
    "singular values": lambda: make_pipeline(prepare(), TruncatedSVD(5, random_state=0), _forest()),
    "union": lambda: make_pipeline(
        prepare(make_pipeline(SimpleImputer(), FeatureUnion([("a", StandardScaler()), ("b", PCA(2))]))), _logistic()
    ),
    "selected by test": lambda: make_pipeline(prepare(), SelectKBest(f_classif, k=6), _logistic()),
    "selected by forest": lambda: make_pipeline(prepare(), SelectFromModel(_forest(10)), _logistic()),
    "variance": lambda: make_pipeline(prepare(), VarianceThreshold(0.05), _logistic()),
    "calibrated forest, isotonic": lambda: make_pipeline(
        prepare(), CalibratedClassifierCV(_forest(10), method="isotonic", cv=3)
    ),
    "calibrated margin, sigmoid": lambda: make_pipeline(prepare(), CalibratedClassifierCV(LinearSVC(), cv=3)),
    "calibrated, one model": lambda: make_pipeline(
        prepare(), CalibratedClassifierCV(_forest(10), ensemble=False, cv=3)
    ),
    "soft vote": lambda: make_pipeline(
        prepare(), VotingClassifier([("a", _logistic()), ("b", _forest(10)), ("c", GaussianNB())], voting="soft")
    ),
    "hard vote": lambda: make_pipeline(
        prepare(),
        VotingClassifier([("a", _logistic()), ("b", _forest(10)), ("c", DecisionTreeClassifier(max_depth=4))]),
    ),
    "stack": lambda: make_pipeline(
        prepare(), StackingClassifier([("a", _forest(10)), ("b", SVC())], final_estimator=_logistic(), cv=3)
    ),
    "stack, passthrough": lambda: make_pipeline(
        prepare(),
        StackingClassifier(
            [("a", _forest(10)), ("b", GradientBoostingClassifier(n_estimators=10))],
            final_estimator=_logistic(),
            passthrough=True,
            cv=3,
        ),
    ),
    "stack of pipelines": lambda: StackingClassifier(
        [
            ("a", make_pipeline(prepare(), _logistic())),
            ("b", make_pipeline(prepare("passthrough", ordinal()), HistGradientBoostingClassifier(max_iter=10))),
        ],
        final_estimator=_logistic(),
        cv=3,
    ),
    "bagged": lambda: make_pipeline(prepare(), BaggingClassifier(_logistic(), 5, random_state=0)),
    "bagged on some columns": lambda: make_pipeline(
        prepare(), BaggingClassifier(DecisionTreeClassifier(), 8, max_features=0.5, random_state=0)
    ),
    "adaptive boosting": lambda: make_pipeline(prepare(), AdaBoostClassifier(n_estimators=10, random_state=0)),
    "support vectors": lambda: make_pipeline(prepare(), SVC()),
    "linear margin": lambda: make_pipeline(prepare(), LinearSVC()),
    "neighbours, distance": lambda: make_pipeline(prepare(), KNeighborsClassifier(7, weights="distance")),
    "network": lambda: make_pipeline(prepare(), MLPClassifier((16,), max_iter=500, random_state=0)),
    "linear discriminant": lambda: make_pipeline(prepare(), LinearDiscriminantAnalysis()),
    "quadratic discriminant": lambda: make_pipeline(prepare(), PCA(4), QuadraticDiscriminantAnalysis()),
    "nystroem": lambda: make_pipeline(prepare(), Nystroem(n_components=20, random_state=0), _logistic()),
    "gradient descent": lambda: make_pipeline(prepare(), SGDClassifier(loss="log_loss", random_state=0)),
    "ridge": lambda: make_pipeline(prepare(), RidgeClassifier()),
    "grid search": lambda: GridSearchCV(
        make_pipeline(prepare(), _logistic()), {"logisticregression__C": [0.1, 1]}, cv=3
    ),
    "searched regularisation": lambda: make_pipeline(prepare(), LogisticRegressionCV(Cs=3, cv=3, max_iter=2000)),
    "fixed threshold": lambda: FixedThresholdClassifier(
        make_pipeline(prepare(), _logistic()), threshold=0.3, pos_label=1
    ),
    "one against the rest": lambda: make_pipeline(prepare(), OneVsRestClassifier(_forest(8))),
    "one against one": lambda: make_pipeline(prepare(), OneVsOneClassifier(_logistic())),
    "by column number": lambda: make_pipeline(
        ColumnTransformer(
            [("n", SimpleImputer(), [0, 1, 2, 3]), ("w", OneHotEncoder(handle_unknown="ignore"), slice(5, 8))]
        ),
        _forest(),
    ),
    "remainder passed through": lambda: make_pipeline(
        ColumnTransformer([("w", ordinal(), WORDS)], remainder="passthrough"),
        HistGradientBoostingClassifier(max_iter=20),
    ),
    "remainder imputed": lambda: make_pipeline(
        ColumnTransformer([("w", ordinal(), WORDS)], remainder=SimpleImputer()), _forest()
    ),
    "pandas between the steps": lambda: make_pipeline(
        prepare(words=OneHotEncoder(handle_unknown="ignore", sparse_output=False), verbose_feature_names_out=False),
        ColumnTransformer([("keep", "passthrough", ["age", "weight"])], remainder=StandardScaler()),
        _logistic(),
    ).set_output(transform="pandas"),
}

REGRESSORS: dict[str, Callable[[], Any]] = {
    "line": lambda: make_pipeline(prepare(), LinearRegression()),
    "ridge on splines": lambda: make_pipeline(prepare(filled(SplineTransformer())), Ridge()),
    "lasso": lambda: make_pipeline(prepare(), Lasso(0.01)),
    "elastic net": lambda: make_pipeline(prepare(), ElasticNet(0.01)),
    "huber": lambda: make_pipeline(prepare(), HuberRegressor(max_iter=1000)),
    "forest": lambda: make_pipeline(prepare(), RandomForestRegressor(20, random_state=0)),
    "boosting, quantile": lambda: make_pipeline(
        prepare(), GradientBoostingRegressor(loss="quantile", alpha=0.9, n_estimators=20)
    ),
    "histogram boosting, absolute": lambda: make_pipeline(
        prepare("passthrough", ordinal()), HistGradientBoostingRegressor(loss="absolute_error", max_iter=20)
    ),
    "log of the target": lambda: TransformedTargetRegressor(
        make_pipeline(prepare(), Ridge()), func=np.log1p, inverse_func=np.expm1
    ),
    "scaled target": lambda: TransformedTargetRegressor(
        make_pipeline(prepare(), Ridge()), transformer=StandardScaler()
    ),
    "vote": lambda: make_pipeline(
        prepare(), VotingRegressor([("a", Ridge()), ("b", RandomForestRegressor(10, random_state=0))])
    ),
    "stack": lambda: make_pipeline(
        prepare(), StackingRegressor([("a", Ridge()), ("b", RandomForestRegressor(10, random_state=0))], cv=3)
    ),
    "counts": lambda: make_pipeline(prepare(), PoissonRegressor(max_iter=1000)),
    "gamma": lambda: make_pipeline(prepare(), GammaRegressor(max_iter=1000)),
    "tweedie": lambda: make_pipeline(prepare(), TweedieRegressor(power=1.5, max_iter=1000)),
    "power of the target": lambda: TransformedTargetRegressor(
        make_pipeline(prepare(), Ridge()), transformer=PowerTransformer()
    ),
    "missing filled in one after the other": lambda: make_pipeline(
        prepare(make_pipeline(IterativeImputer(random_state=0), StandardScaler())), Ridge()
    ),
    "process": lambda: make_pipeline(prepare(), GaussianProcessRegressor(alpha=0.5)),
    "support vectors": lambda: make_pipeline(prepare(), SVR()),
    "least squares, partial": lambda: make_pipeline(prepare(words=_dense()), PLSRegression(3)),
}

UNTAUGHT: dict[str, Callable[[], Any]] = {
    "isolation forest": lambda: make_pipeline(prepare(), IsolationForest(n_estimators=20, random_state=0)),
    "one class": lambda: make_pipeline(prepare(), OneClassSVM(nu=0.1)),
    "clusters": lambda: make_pipeline(prepare(), KMeans(4, random_state=0, n_init=1)),
    "mixture": lambda: make_pipeline(prepare(words=_dense()), GaussianMixture(2, random_state=0, reg_covar=1e-2)),
    "preparation only": prepare,
    "preparation and components": lambda: make_pipeline(prepare(words=_dense()), PCA(3)),
}
